"""Command jobs with azure-ai-ml, unmodified: submitted, streamed, listed, cancelled and downloaded.

usage: azure-ai-ml-jobs.py linux|userspace FOLDER

FOLDER is for files. The first word says what enforces: where the kernel does, a job sends packets; elsewhere it has no
network.
"""

import contextlib
import io
import json
import os
import sys
import threading
import time

from azure.ai.ml import Input, MLClient, MpiDistribution, Output, command
from azure.ai.ml.entities import AmlCompute, Environment, IdentityConfiguration, NetworkSettings
from azure.ai.ml.sweep import Choice
from azure.identity import EnvironmentCredential

from steps import does, done, limit, refused

fabric, folder = sys.argv[1:3]
group = "cloister"
home = "mlw-clinic"
ml = MLClient(EnvironmentCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], group, home)

train = '''
import json, os, socket, ssl, sys, urllib.error, urllib.request
rows = open(sys.argv[1]).read().split()
print("rows", len(rows), "rate", sys.argv[2], os.environ["COLOUR"], flush=True)
with open(os.path.join(sys.argv[3], "model.json"), "w") as file:
    json.dump({"rows": len(rows)}, file)
with open("outputs/metrics.json", "w") as file:
    json.dump({"days": 3}, file)

def asked(url):
    """What comes of a request: the status of an answer, or what is in the way."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return "nothing"

def address(name):
    try:
        return socket.gethostbyname(name)
    except OSError:
        return "nothing"

print("storage", address("stclinic.blob.core.windows.net"), asked("https://stclinic.blob.core.windows.net/x"))
print("internet", asked("https://pypi.org/simple/"))
'''


def write(name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def job(**more):
    return command(**{"environment": "azureml:training:1", "compute": "training", **more})


def submitted(**more):
    return ml.jobs.create_or_update(job(**more))


def streamed(name, words):
    """What streaming a job prints that goes on until these words were printed, and is cancelled then."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        streaming = threading.Thread(target=ml.jobs.stream, args=(name,))
        streaming.start()
        while words not in said.getvalue() and streaming.is_alive():
            time.sleep(0.1)
        ml.jobs.begin_cancel(name).result()
        streaming.join()
    return said.getvalue()


def log_of(name):
    """The log of a job that is over."""
    ml.jobs.download(name, download_path=os.path.join(folder, name))
    return read(name, "artifacts", "user_logs", "std_log.txt")


def becomes(name, *wanted):
    """Waits until a job is as wanted."""
    while (status := ml.jobs.get(name).status) not in wanted:
        if status in ("Completed", "Failed", "Canceled"):
            break
        time.sleep(0.2)
    return status


def read(*path):
    with open(os.path.join(folder, *path), encoding="utf-8") as file:
        return file.read()


write("src/train.py", train)
rows = write("data/rows.txt", "one two three")
does("environment create", lambda: ml.environments.create_or_update(
    Environment(name="training", version="1", image="mcr.microsoft.com/azureml/minimal:latest")).id)
does("cluster create, in the network", lambda: ml.compute.begin_create_or_update(AmlCompute(
    name="training", size="Standard_DS3_v2", min_instances=0, max_instances=1, enable_node_public_ip=False,
    network_settings=NetworkSettings(vnet_name="clinic-vnet", subnet="training"),
    identity=IdentityConfiguration(type="system_assigned"))).result().name)
does("cluster create, outside", lambda: ml.compute.begin_create_or_update(AmlCompute(
    name="outside", size="Standard_DS3_v2", min_instances=0, max_instances=1)).result().name)

first = does("job create", lambda: submitted(
    name="first", experiment_name="stay", display_name="length of stay", code=os.path.join(folder, "src"),
    command="python train.py ${{inputs.rows}} ${{inputs.rate}} ${{outputs.model}}",
    inputs={"rows": Input(type="uri_file", path=rows), "rate": 0.1},
    outputs={"model": Output(type="uri_folder")}, environment_variables={"COLOUR": "blue"}),
    lambda made: made.status == "Queued")
does("job get", lambda: becomes("first", "Completed"), lambda status: status == "Completed")
log = does("job download: its log", lambda: log_of("first"), lambda text: text.startswith("rows 3 rate 0.1 blue"))
reached = "storage 10.150.0.4 4" if fabric == "linux" else "storage nothing nothing"
does("job: storage by its private endpoint", lambda: [line for line in log.splitlines() if line.startswith(reached)], bool)
does("job: no internet", lambda: "internet nothing" in log.splitlines(), bool)
does("job update", lambda: ml.jobs.update("first", display_name="stay 1", tags={"good": "yes"}),
     lambda job: job.display_name == "stay 1" and job.tags["good"] == "yes")
does("job archive", lambda: ml.jobs.archive("first"))
does("job archived", lambda: [each.name for each in ml.jobs.list()], lambda names: names == [])
does("job restore", lambda: ml.jobs.restore("first"))
does("jobs list", lambda: [each.name for each in ml.jobs.list()], lambda names: names == ["first"])
does("job download: what it wrote", lambda: json.loads(read("first", "artifacts", "outputs", "metrics.json")),
     lambda found: found == {"days": 3})
does("job download: an output", lambda: ml.jobs.download("first", download_path=os.path.join(folder, "model"),
                                                         output_name="model"))
does("job download: what the output is", lambda: json.loads(read("model", "named-outputs", "model", "model.json")),
     lambda found: found == {"rows": 3})

does("job that fails: create", lambda: submitted(name="broken", command="echo oh no; exit 7").name)
does("job that fails: get", lambda: becomes("broken", "Failed"), lambda status: status == "Failed")
refused("job that fails: stream", lambda: ml.jobs.stream("broken"), "status code 7")
does("job of a cluster outside: create", lambda: submitted(name="cut-off", compute="outside", command="true").name)
does("job of a cluster outside: get", lambda: becomes("cut-off", "Failed"), lambda status: status == "Failed")
refused("job of a cluster outside: stream", lambda: ml.jobs.stream("cut-off"), "compute outside does not get to")
does("job to cancel: create", lambda: submitted(name="long", command="echo on my way; sleep 86397").name)
does("job that waits for the node: create", lambda: submitted(name="waits", command="true").status,
     lambda status: status == "Queued")
does("job stream, and cancel", lambda: streamed("long", "on my way"), lambda said: "Execution Summary" in said)
does("job to cancel: is cancelled", lambda: becomes("long", "Canceled"), lambda status: status == "Canceled")
does("job that waited: runs", lambda: becomes("waits", "Completed"), lambda status: status == "Completed")
does("curated environment: create", lambda: submitted(
    name="curated", command="python -V", environment="azureml://registries/azureml/environments/sklearn-1.5/versions/1").name)
does("curated environment: get", lambda: becomes("curated", "Completed"), lambda status: status == "Completed")
does("curated environment: log", lambda: log_of("curated"), lambda text: text.startswith("Python 3"))

refused("compute that is not there", lambda: submitted(command="true", compute="nobody"), "nobody")
limit("distributed job", lambda: submitted(
    command="true", distribution=MpiDistribution(process_count_per_instance=2)), "Distributed jobs", "not supported")
limit("job on several nodes", lambda: submitted(command="true", instance_count=2), "several nodes", "not supported")
sweep = job(command="echo ${{inputs.rate}}", inputs={"rate": 0.1})(rate=Choice([0.1, 0.2])).sweep(
    primary_metric="days", goal="minimize", sampling_algorithm="random")
sweep.set_limits(max_total_trials=2)
limit("sweep job", lambda: ml.jobs.create_or_update(sweep), "Jobs of type Sweep", "not supported")
done()
