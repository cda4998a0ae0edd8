"""The flow of azureml-core, unmodified: run by `cloister exec` at a place, told what it must see there.

usage: azureml-core.py inside|outside|neighbour FOLDER

Each step is printed as one line of JSON: {"step", "ok", "says"}; the last line is {"steps", "failed"}.
"""

import json
import os
import sys

import requests
from azureml.core import Dataset, Datastore, Environment, Experiment, Model, PrivateEndPointConfig, Run, Workspace
from azureml.core.authentication import ServicePrincipalAuthentication

mode, folder = sys.argv[1:3]
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
auth = ServicePrincipalAuthentication(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"])
# Whom a workspace is shared with: anybody's object id will do.
SOMEBODY = "a3b0c442-98fc-4c14-9afb-f4c8996fb924"
passed = failed = 0
os.chdir(folder)


def tell(step, ok, says):
    global passed, failed
    passed += ok
    failed += not ok
    print(json.dumps({"step": step, "ok": ok, "says": says}), flush=True)


def does(step, work, check=lambda found: True):
    """A step that must work, and whose result must pass the check."""
    try:
        found = work()
        tell(step, bool(check(found)), str(found)[:300])
        return found
    except BaseException as error:  # some of the client's errors are no Exception
        tell(step, False, f"{type(error).__name__}: {str(error)[:600]}")


def refused(step, work, *words):
    """A step that must be refused, in these words."""
    try:
        found = work()
        tell(step, False, f"was not refused: {str(found)[:200]}")
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
        tell(step, all(word.lower() in said.lower() for word in words), said[:400])


def workspace(name="mlw-clinic", group="cloister"):
    return Workspace.get(name, auth=auth, subscription_id=subscription, resource_group=group)


def arm(path, body):
    address = f"https://management.azure.com/subscriptions/{subscription}{path}?api-version=2021-04-01"
    answer = requests.put(address, json=body, headers=auth.get_authentication_header())
    answer.raise_for_status()


def share(ws):
    """The role assignment that sharing comes to."""
    name = "00000000-0000-4000-8000-00000000cafe"
    role = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    arm(f"{ws.get_details()['id'].split(subscription)[1]}/providers/Microsoft.Authorization/roleAssignments/{name}", {
        "properties": {
            "principalId": SOMEBODY,
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}})


def write(name, text):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def outside():
    """The control plane answers everywhere; the workspace does not."""
    ws = does("workspace get", workspace)
    # Its own, and that of the deployment.
    does("workspace details", ws.get_details, lambda found: len(found["privateEndpointConnections"]) == 2)
    refused("default datastore", ws.get_default_datastore, "403")
    refused("experiment", lambda: Experiment(ws, "e1"), "403")
    refused("models", lambda: Model.list(ws), "Forbidden")
    refused("environment", lambda: Environment("e1").register(ws), "403", "discovery")


def neighbour():
    """From the network that has the private endpoint of the workspace that `inside` made."""
    ws = does("workspace get", lambda: workspace("mlw-v1", "v1"))
    does("default datastore", lambda: ws.get_default_datastore().name, lambda name: name == "workspaceblobstore")
    does("experiment", lambda: Experiment(ws, "e1").id)
    # The zone of this network has the names of its own workspace alone, so the other one has none.
    refused("the other workspace: no way there", lambda: Experiment(workspace(), "e1"), "proxy")


def datastores(ws):
    does("default datastore", lambda: ws.get_default_datastore().name, lambda name: name == "workspaceblobstore")
    does("datastores", lambda: sorted(ws.datastores), lambda names: len(names) == 4)
    does("datastore register", lambda: Datastore.register_azure_blob_container(
        ws, "mine", "models", "stclinic", account_key="a2V5").name, lambda name: name == "mine")
    refused("datastore register again", lambda: Datastore.register_azure_blob_container(
        ws, "mine", "models", "stclinic", account_key="a2V5"), "already exists")
    does("datastore register over it", lambda: Datastore.register_azure_blob_container(
        ws, "mine", "other", "stclinic", account_key="a2V5", overwrite=True).container_name, lambda c: c == "other")
    does("datastore unregister", lambda: Datastore.get(ws, "mine").unregister())
    refused("datastore is gone", lambda: Datastore.get(ws, "mine"), "not find")
    blobs = ws.get_default_datastore()
    does("upload files", lambda: blobs.upload_files(["a.txt"], target_path="in", overwrite=True, show_progress=False))
    does("download", lambda: blobs.download("back", prefix="in", show_progress=False), lambda count: count == 1)
    does("downloaded", lambda: read("back/in/a.txt"), lambda text: text == "hello")


def shares(ws):
    """The file share that comes with a workspace, through the private endpoint for files."""
    store = does("file datastore", lambda: Datastore.get(ws, "workspacefilestore"))
    with open("big.bin", "wb") as file:
        file.write(os.urandom(9_000_000))
    does("upload to the share", lambda: store.upload_files(
        ["a.txt", "big.bin"], target_path="deep/er", overwrite=True, show_progress=False))
    does("upload a folder to the share", lambda: store.upload("code", target_path="code", show_progress=False))
    does("download from the share", lambda: store.download("shared", prefix="deep", show_progress=False),
         lambda count: count == 2)
    with open("big.bin", "rb") as sent, open("shared/deep/er/big.bin", "rb") as came:
        does("it is the same", lambda: sent.read() == came.read(), bool)


def runs(ws):
    experiment = does("experiment", lambda: Experiment(ws, "e1"))
    run = does("start logging, with a snapshot", lambda: experiment.start_logging(snapshot_directory="code"))
    does("it runs", run.get_status, lambda status: status == "Running")
    run.log("loss", 0.5)
    run.log("loss", 0.25)
    run.log_row("row", a=1, b=2)
    run.log_list("list", [1, 2, 3])
    run.log_table("table", {"x": [1, 2], "y": [3, 4]})
    does("upload file", lambda: run.upload_file("outputs/a.txt", "a.txt"))
    does("upload folder", lambda: run.upload_folder("outputs/code", "code"))
    does("file names", run.get_file_names, lambda found: set(found) >= {"outputs/a.txt", "outputs/code/train.py"})
    does("download file", lambda: run.download_file("outputs/a.txt", "down.txt"))
    does("downloaded file", lambda: read("down.txt"), lambda text: text == "hello")
    does("download files", lambda: run.download_files(prefix="outputs", output_directory="all"))
    does("downloaded files", lambda: read("all/outputs/code/train.py"), lambda text: text == "print(1)")
    does("child run", lambda: run.child_run("child").complete())
    does("children", lambda: [each.get_status() for each in run.get_children()], lambda found: found == ["Completed"])
    run.tag("a", "b")
    run.add_properties({"p": "q"})
    does("complete", run.complete)
    does("metrics", run.get_metrics, lambda found: found == {
        "loss": [0.5, 0.25], "row": {"a": 1, "b": 2}, "list": [1, 2, 3], "table": {"x": [1, 2], "y": [3, 4]}})
    again = does("run by id", lambda: Run.get(ws, run.id))
    does("its tags", again.get_tags, lambda tags: tags == {"a": "b"})
    does("its properties", again.get_properties, lambda found: found["p"] == "q")
    does("its details", again.get_details, lambda found: found["status"] == "Completed" and found["endTimeUtc"])
    does("runs by tag", lambda: [each.id for each in experiment.get_runs(tags={"a": "b"})], lambda ids: ids == [run.id])
    does("runs by type", lambda: list(experiment.get_runs(type="other")), lambda found: found == [])
    failing = experiment.start_logging(snapshot_directory=None)
    does("fail", lambda: failing.fail(error_details="broken"))
    does("failed", failing.get_status, lambda status: status == "Failed")
    does("experiments", lambda: list(ws.experiments), lambda names: names == ["e1"])
    does("model of a run", lambda: run.register_model("of-run", model_path="outputs/a.txt").version, lambda v: v == 1)


def assets(ws):
    does("model register", lambda: Model.register(ws, "code", "folder", tags={"a": "b"}).id, lambda i: i == "folder:1")
    does("model register again", lambda: Model.register(ws, "code", "folder").version, lambda version: version == 2)
    does("model download", lambda: Model(ws, "folder", version=1).download("model", exist_ok=True))
    does("model downloaded", lambda: read("model/code/train.py"), lambda text: text == "print(1)")
    does("models", lambda: sorted(each.id for each in Model.list(ws)),
         lambda ids: ids == ["folder:1", "folder:2", "length-of-stay:1", "of-run:1"])
    does("models by tag", lambda: [each.id for each in Model.list(ws, tags=["a"])], lambda ids: ids == ["folder:1"])
    does("model delete", lambda: Model(ws, id="folder:1").delete())
    refused("model is gone", lambda: Model(ws, id="folder:1"), "not")
    does("environment register", lambda: Environment("env").register(ws).version, lambda version: version == "1")
    does("environment get", lambda: Environment.get(ws, "env").name, lambda name: name == "env")
    does("environments", lambda: list(Environment.list(ws)), lambda names: names == ["env"])
    refused("datasets", lambda: Dataset.get_all(ws), "Not Implemented")
    refused("image build", lambda: Environment.get(ws, "env").build(ws), "501")


def links():
    """A workspace of its own behind a private endpoint in a network of its own, as the document has it."""
    arm("/resourceGroups/v1", {"location": "eastus"})
    subnet = {"name": "default", "properties": {
        "addressPrefix": "10.9.0.0/24", "privateEndpointNetworkPolicies": "Disabled"}}
    arm("/resourceGroups/v1/providers/Microsoft.Network/virtualNetworks/v1net", {"location": "eastus", "properties": {
        "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": [subnet]}})
    endpoint = PrivateEndPointConfig("pe-v1", vnet_name="v1net", vnet_subnet_name="default", vnet_resource_group="v1")
    ws = does("workspace create", lambda: Workspace.create(
        "mlw-v1", auth=auth, subscription_id=subscription, resource_group="v1", location="eastus",
        private_endpoint_config=endpoint, private_endpoint_auto_approval=True, show_output=False))
    connections = lambda: ws.get_details()["privateEndpointConnections"]  # noqa: E731
    state = lambda each: each["properties"]["privatelink_service_connection_state"]["status"]  # noqa: E731
    does("connections", lambda: [state(each) for each in connections()], lambda found: found == ["Approved"])
    refused("its data plane has no name in this network", lambda: ws.get_default_datastore(), "proxy")
    name = connections()[0]["id"].rpartition("/")[2]
    does("delete connection", lambda: ws.delete_private_endpoint_connection(name))
    does("no connections", lambda: ws.get_details().get("privateEndpointConnections"), lambda found: not found)
    does("allow public access", lambda: ws.update(allow_public_access_when_behind_vnet=True))
    other = PrivateEndPointConfig("pe-again", vnet_name="v1net", vnet_subnet_name="default", vnet_resource_group="v1")
    does("add private endpoint", lambda: ws.add_private_endpoint(
        other, private_endpoint_auto_approval=True, show_output=False))
    does("its connection", lambda: [state(each) for each in connections()], lambda found: found == ["Approved"])
    does("workspaces", lambda: sorted(Workspace.list(subscription, auth=auth)),
         lambda names: names == ["mlw-clinic", "mlw-v1"])
    does("sync keys", ws.sync_keys)
    # With the azure-mgmt-authorization that it installs, the client does not come as far as a request.
    refused("share: the client's own defect", lambda: ws._share(SOMEBODY, "Reader"), "has no attribute 'config'")
    does("share, by the control plane", lambda: share(ws))


if mode == "inside":
    write("a.txt", "hello")
    write("code/train.py", "print(1)")
    home = does("workspace get", workspace)
    datastores(home)
    shares(home)
    runs(home)
    assets(home)
    links()
elif mode == "outside":
    outside()
else:
    neighbour()

print(json.dumps({"steps": passed + failed, "failed": failed}), flush=True)
sys.exit(1 if failed else 0)
