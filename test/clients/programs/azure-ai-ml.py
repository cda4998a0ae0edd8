"""The whole flow of azure-ai-ml, unmodified: run by `cloister exec` at a place, told what it must see there.

usage: azure-ai-ml.py inside|outside FOLDER

FOLDER holds model/ (coefficients.json, regression.onnx), code/ (score.py) and request.json. 
"""

import json
import os
import sys

from azure.ai.ml import MLClient
from azure.ai.ml._arm_deployments import ArmDeploymentExecutor
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import (
    AmlCompute,
    AzureBlobDatastore,
    AzureDataLakeGen1Datastore,
    CodeConfiguration,
    Data,
    Environment,
    FqdnDestination,
    IsolationMode,
    ManagedNetwork,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    PrivateEndpointDestination,
    ServiceTagDestination,
    Workspace,
)
from azure.ai.ml.entities._assets import Code
from azure.identity import EnvironmentCredential

from steps import does, done, refused

mode, folder = sys.argv[1:3]
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
group = "cloister"
home = "mlw-clinic"
ml = MLClient(EnvironmentCredential(), subscription, group, home)
request = os.path.join(folder, "request.json")


def expected():
    """What the model's own coefficients make of the request."""
    with open(os.path.join(folder, "model", "coefficients.json"), encoding="utf-8") as file:
        model = json.load(file)
    with open(request, encoding="utf-8") as file:
        rows = json.load(file)["input_data"]
    return [model["intercept"] + sum(w * x for w, x in zip(model["coefficients"], row)) for row in rows]


def same(text):
    """Whether scores are those of the coefficients."""
    scores = json.loads(text)
    if isinstance(scores, str):
        scores = json.loads(scores)
    wanted = expected()
    return len(scores) == len(wanted) and all(abs(a - b) < 1e-4 for a, b in zip(scores, wanted))


def model_of(name):
    return Model(name=name, version="1", path=os.path.join(folder, "model"), type=AssetTypes.CUSTOM_MODEL)


def deployment(name, endpoint, **more):
    return ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        model=more.pop("model"),
        code_configuration=CodeConfiguration(code=os.path.join(folder, "code"), scoring_script="score.py"),
        environment="azureml:scoring:1",
        instance_type="Standard_DS3_v2",
        instance_count=1,
        # The workspace lets nobody in who comes in public.
        egress_public_network_access="disabled",
        **more,
    )


def traffic(endpoint, shares):
    changed = ml.online_endpoints.get(endpoint)
    changed.traffic = shares
    return ml.online_endpoints.begin_create_or_update(changed).result().traffic


def assets():
    does("environment create", lambda: ml.environments.create_or_update(
        Environment(name="scoring", version="1", image="mcr.microsoft.com/azureml/minimal:latest",
                    conda_file={"name": "e", "channels": ["conda-forge"], "dependencies": ["python=3.10"]})).id)
    does("environment get", lambda: ml.environments.get("scoring", "1").image, lambda image: image.startswith("mcr"))
    does("environment by label", lambda: ml.environments.get("scoring", label="latest").version, lambda v: v == "1")
    refused("environment of another image", lambda: ml.environments.create_or_update(
        Environment(name="scoring", version="1", image="mcr.microsoft.com/other:1")), "never changes")
    does("environment without a version", lambda: ml.environments.create_or_update(
        Environment(name="scoring", image="mcr.microsoft.com/other:1")).version, lambda v: v == "2")
    ml.environments.archive("scoring", version="2")
    does("environment archived", lambda: [e.version for e in ml.environments.list("scoring")], lambda v: v == ["1"])
    ml.environments.restore("scoring", version="2")
    does("environment restored", lambda: [e.version for e in ml.environments.list("scoring")], lambda v: len(v) == 2)
    does("model create", lambda: ml.models.create_or_update(model_of("days")).path, lambda p: "LocalUpload" in p)
    does("model again: nothing is uploaded", lambda: ml.models.create_or_update(model_of("days")).version)
    does("model without a version", lambda: ml.models.create_or_update(
        Model(name="days", path=os.path.join(folder, "model", "regression.onnx"))).version, lambda v: v == "2")
    does("model by label", lambda: ml.models.get("days", label="latest").version, lambda v: v == "2")
    does("models list", lambda: sorted(m.name for m in ml.models.list()), lambda names: "days" in names)
    back = os.path.join(folder, "back")
    ml.models.download("days", "1", download_path=back)
    does("model download", lambda: sorted(f for _, _, files in os.walk(back) for f in files),
         lambda names: names == ["coefficients.json", "regression.onnx"])
    does("data create", lambda: ml.data.create_or_update(
        Data(name="rows", version="1", path=request, type=AssetTypes.URI_FILE)).id)
    does("data get", lambda: ml.data.get("rows", "1").path, lambda path: path.startswith("azureml://"))


def datastores():
    does("datastore default", lambda: ml.datastores.get_default().name, lambda name: name == "workspaceblobstore")
    does("datastores list", lambda: sorted(d.name for d in ml.datastores.list()), lambda names: len(names) == 4)
    mine = AzureBlobDatastore(name="mine", account_name="stclinic", container_name="mine",
                              credentials=ml.datastores.get_default(include_secrets=True).credentials)
    does("datastore create", lambda: ml.datastores.create_or_update(mine).name)
    does("datastore delete", lambda: ml.datastores.delete("mine"))
    refused("datastore default delete", lambda: ml.datastores.delete("workspaceblobstore"), "default datastore")
    refused("datastore of another type", lambda: ml.datastores.create_or_update(
        AzureDataLakeGen1Datastore(name="old", store_name="x")), "datastoreType", "AzureDataLakeGen1")


def serving():
    name = "sdk-days"
    endpoint = ManagedOnlineEndpoint(name=name, auth_mode="key", public_network_access="disabled")
    does("endpoint create", lambda: ml.online_endpoints.begin_create_or_update(endpoint).result().scoring_uri)
    does("endpoints list", lambda: [e.name for e in ml.online_endpoints.list()], lambda names: name in names)
    made = deployment("green", name, model=model_of("days-too"))
    does("deployment create: code and model are uploaded", lambda: ml.online_deployments.begin_create_or_update(
        made).result().provisioning_state, lambda state: state == "Succeeded")
    does("deployments list", lambda: [d.name for d in ml.online_deployments.list(name)], lambda n: n == ["green"])
    does("traffic", lambda: traffic(name, {"green": 100}), lambda shares: shares == {"green": 100})
    does("keys", lambda: len(ml.online_endpoints.get_keys(name).primary_key))
    does("invoke", lambda: ml.online_endpoints.invoke(name, request_file=request), same)
    does("invoke by name", lambda: ml.online_endpoints.invoke(
        name, deployment_name="green", request_file=request), same)
    does("logs", lambda: ml.online_deployments.get_logs("green", name, 50), lambda text: len(text) > 0)
    more = deployment("green", name, model="azureml:days:1")
    more.instance_count = 2
    does("deployment update", lambda: ml.online_deployments.begin_create_or_update(
        more).result().instance_count, lambda count: count == 2)
    does("invoke after the update", lambda: ml.online_endpoints.invoke(name, request_file=request), same)
    before = ml.online_endpoints.get_keys(name).primary_key
    ml.online_endpoints.begin_regenerate_keys(name, key_type="primary").result()
    does("keys regenerate", lambda: ml.online_endpoints.get_keys(name).primary_key != before, bool)
    refused("deployment delete under traffic", lambda: ml.online_deployments.begin_delete("green", name).result(),
            "traffic")
    does("traffic none", lambda: traffic(name, {"green": 0}))
    does("deployment delete", lambda: ml.online_deployments.begin_delete("green", name).result())
    does("endpoint delete", lambda: ml.online_endpoints.begin_delete(name=name).result())
    does("endpoint is gone", lambda: [e.name for e in ml.online_endpoints.list()], lambda names: name not in names)


def workspaces():
    does("compute create", lambda: ml.compute.begin_create_or_update(
        AmlCompute(name="cpu", size="Standard_DS3_v2", min_instances=0, max_instances=1)).result().name)
    for access in ("Enabled", "Disabled"):
        changed = Workspace(name=home, public_network_access=access)
        does(f"workspace update: {access}", lambda: ml.workspaces.begin_update(
            changed).result().public_network_access, lambda found: found == access)
        does(f"workspace is {access}", lambda: ml.workspaces.get(home).public_network_access,
             lambda found: found == access)
    does("workspace keys", lambda: ml.workspaces.get_keys(home).notebook_access_keys is not None, bool)
    does("workspace sync keys", lambda: ml.workspaces.begin_sync_keys(home).result())
    does("workspace diagnose", lambda: ml.workspaces.begin_diagnose(home).result().storage_account_results,
         lambda found: found == [])
    does("workspace create", lambda: ml.workspaces.begin_create(
        Workspace(name="mlw-sdk", location="eastus")).result().discovery_url)
    does("workspace create: its default datastore", lambda: MLClient(
        EnvironmentCredential(), subscription, group, "mlw-sdk").datastores.get_default().container_name,
        lambda name: name.startswith("azureml-blobstore-"))
    does("workspace with a private endpoint", private_workspace, lambda found: found == ["Approved"])
    does("workspace delete", lambda: ml.workspaces.begin_delete(
        "mlw-sdk", delete_dependent_resources=True, permanently_delete=True).result())
    does("workspaces list", lambda: sorted(w.name for w in ml.workspaces.list()),
         lambda names: home in names and "mlw-private" in names and "mlw-sdk" not in names)


def managed():
    """A workspace with a managed network: rules of every kind, what is refused, and the network made."""
    name, rules = "mlw-managed", ml.workspace_outbound_rules
    account = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/stclinic"
    network = ManagedNetwork(isolation_mode=IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND, outbound_rules=[
        FqdnDestination(name="packages", destination="packages.example.org"),
        ServiceTagDestination(name="hub", service_tag="EventHub", protocol="TCP", port_ranges="443,5671-5672"),
        PrivateEndpointDestination(name="clinic", service_resource_id=account, subresource_target="blob"),
    ])

    def own():
        return sorted(rule.name for rule in rules.list(name) if rule.category == "UserDefined")

    does("managed network: workspace create", lambda: ml.workspaces.begin_create(Workspace(
        name=name, location="eastus", managed_network=network)).result().managed_network.isolation_mode,
        lambda found: found == IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND)
    does("managed network: rules list", own, lambda found: found == ["clinic", "hub", "packages"])
    does("managed network: required rules", lambda: [r.name for r in rules.list(name) if r.category == "Required"],
         lambda found: len(found) >= 10 and all(r.startswith("__SYS_") for r in found))
    does("managed network: rule set", lambda: rules.begin_create(
        name, FqdnDestination(name="graph", destination="graph.windows.net")).result().destination,
        lambda found: found == "graph.windows.net")
    does("managed network: rule show", lambda: rules.get(name, "clinic").subresource_target, lambda g: g == "blob")
    does("managed network: rule update", lambda: rules.begin_update(
        name, FqdnDestination(name="packages", destination="*.example.org")).result().destination,
        lambda found: found == "*.example.org")
    refused("managed network: a required tag", lambda: rules.begin_create(name, ServiceTagDestination(
        name="again", service_tag="AzureMonitor", protocol="TCP", port_ranges="443")).result(), "required rule")
    refused("managed network: a required rule is not removed", lambda: rules.begin_remove(
        name, next(r.name for r in rules.list(name) if r.category == "Required")).result(), "required by the service")
    does("managed network: rule remove", lambda: rules.begin_remove(name, "hub").result())
    does("managed network: rules left", own, lambda found: found == ["clinic", "graph", "packages"])
    does("managed network: workspace update keeps rules", lambda: ml.workspaces.begin_update(Workspace(
        name=name, managed_network=ml.workspaces.get(name).managed_network)).result().name)
    does("managed network: rules after the update", own, lambda found: found == ["clinic", "graph", "packages"])
    does("managed network: provision", lambda: ml.workspaces.begin_provision_network(
        workspace_name=name).result().status, lambda status: status == "Active")
    does("managed network: is provisioned", lambda: ml.workspaces.get(name).managed_network.status.status,
         lambda status: status == "Active")
    refused("managed network: isolation does not go back", lambda: ml.workspaces.begin_update(Workspace(
        name=name, managed_network=ManagedNetwork(
            isolation_mode=IsolationMode.ALLOW_INTERNET_OUTBOUND))).result(), "cannot go back")
    does("managed network: compute create", lambda: MLClient(
        EnvironmentCredential(), subscription, group, name).compute.begin_create_or_update(
        AmlCompute(name="cpu", size="Standard_DS3_v2", min_instances=0, max_instances=1)).result().name)


def identity():
    """Without keys: passes are in the name of the workspace's identity, and a user needs a role on the data."""
    does("workspace create: datastores by identity", lambda: ml.workspaces.begin_create(Workspace(
        name="mlw-identity", location="eastus", system_datastores_auth_mode="identity")).result().name)
    own = MLClient(EnvironmentCredential(), subscription, group, "mlw-identity")
    does("datastore has no secrets", lambda: type(own.datastores.get_default().credentials).__name__,
         lambda name: name.startswith("None"))
    does("code create: by the workspace's identity", lambda: own._code.create_or_update(
        Code(path=os.path.join(folder, "code"))).name)
    refused("model create: the user has no role", lambda: own.models.create_or_update(model_of("days")),
            "permission")


def private_workspace():
    """The SDK's own template still makes private endpoints; its classes do not fill in those parameters any more."""
    workspace = Workspace(name="mlw-private", location="eastus", public_network_access="Disabled")
    workspace.resource_group = group
    template, parameters, resources = ml.workspaces._populate_arm_parameters(workspace)
    for name, value in {
        "privateEndpointType": "AutoApproval",
        "privateEndpointName": "pe-sdk",
        "privateEndpointResourceGroupName": group,
        "vnetOption": "existing",
        "vnetName": "clinic-vnet",
        "vnetResourceGroupName": group,
        "subnetOption": "existing",
        "subnetName": "scoring",
    }.items():
        parameters[name] = {"value": value}
    executor = ArmDeploymentExecutor(
        credentials=EnvironmentCredential(), resource_group_name=group, subscription_id=subscription,
        deployment_name="mlw-private")
    executor.deploy_resource(template=template, resources_being_deployed=resources, parameters=parameters)
    rest = ml.workspaces._operation.get(group, "mlw-private")
    return [str(each.properties.private_link_service_connection_state.status.value)
            for each in rest.properties.private_endpoint_connections]


does("workspace get", lambda: ml.workspaces.get(home).discovery_url)
if mode == "inside":
    datastores()
    assets()
    serving()
    workspaces()
    managed()
else:
    does("datastore get: the control plane is public", lambda: ml.datastores.get_default().name)
    refused("model create: storage is not", lambda: ml.models.create_or_update(model_of("outside")),
            "Forbidden", "AuthorizationFailure")
    refused("model is not there", lambda: ml.models.get("outside", "1"), "ResourceNotFound")
    refused("deployment create: nor is storage for code", lambda: ml.online_deployments.begin_create_or_update(
        deployment("red", "length-of-stay", model="azureml:length-of-stay:1")).result(),
        "Forbidden", "AuthorizationFailure")
    does("deployments are as before", lambda: [d.name for d in ml.online_deployments.list("length-of-stay")],
         lambda names: names == ["blue"])
    does("keys", lambda: len(ml.online_endpoints.get_keys("length-of-stay").primary_key))
    refused("invoke: the endpoint is private", lambda: ml.online_endpoints.invoke(
        "length-of-stay", request_file=request), "workspace private link configuration")
    identity()
done()
