"""The scripted deployment's scoring script: the same prediction as regression.onnx, in plain Python.

Azure ML calls init() once when a replica starts and run() with the body of each request.
"""

import json
import os

model = None


def init():
    """Reads the coefficients from the folder where Azure ML puts the model."""
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "coefficients.json"), encoding="utf-8") as file:
        model = json.load(file)


def run(raw_data):
    """Returns one number of days for each row of {"input_data": [[...], ...]}."""
    rows = json.loads(raw_data)["input_data"]
    if isinstance(rows, dict):
        rows = rows["data"]
    width = len(model["coefficients"])
    for row in rows:
        if len(row) != width:
            raise ValueError("each row needs %d numbers: %s" % (width, ", ".join(model["features"])))
    return [model["intercept"] + sum(w * x for w, x in zip(model["coefficients"], row)) for row in rows]
