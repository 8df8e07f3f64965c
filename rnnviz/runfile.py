"""A trained network as files that plain torch reads: safetensors, and ten lines of Python.

The script needs torch and safetensors, and no rnnviz.
"""

import io
import zipfile

from rnnviz.errors import RunError
from rnnviz.reader import RunReader
from rnnviz.settings import Settings
from rnnviz.tasks import task_of

WEIGHTS, SETTINGS, SCRIPT = "weights.safetensors", "settings.json", "model.py"
KINDS = {
    "rnn": 'RNN({}, nonlinearity="tanh")',
    "rnn_relu": 'RNN({}, nonlinearity="relu")',
    "lstm": "LSTM({})",
    "gru": "GRU({})",
}


def model_script(settings: Settings) -> str:
    """Return the Python that rebuilds the network of settings and loads its weights.

    Raises
    ------
    RunError
        If torch has no module for it.
    """
    if settings.norm != "none":
        raise RunError(
            "torch has no recurrent module with layer normalisation: train without it, "
            "to have a model that plain torch runs."
        )
    task = task_of(settings)
    features = settings.embedding if task.tokens else task.inputs
    kind = KINDS[settings.cell].format(f"{features}, {settings.hidden}, {settings.layers}")
    embedding = f"Embedding({task.inputs}, {features})" if task.tokens else "Identity()"
    what = "(time, batch) whole numbers" if task.tokens else f"(time, batch, {features}) numbers"
    return f'''import torch
from safetensors.torch import load_file

model = torch.nn.ModuleDict({{
    "input": torch.nn.{embedding},
    "rnn": torch.nn.{kind},
    "readout": torch.nn.Linear({settings.hidden}, {task.outputs}),
}})
model.load_state_dict(load_file("{WEIGHTS}"))

model.eval()

def run(x):  # x: {what}
    return model["readout"](model["rnn"](model["input"](x))[0])  # (time, batch, {task.outputs})
'''


def model_file(store: RunReader, id: str, step: int | None = None) -> bytes:
    """Return a zip of a run's weights, its settings and the script that runs them.

    Parameters
    ----------
    step : int, optional
        The newest checkpoint not after this step; the newest of all if none is given.

    Raises
    ------
    RunError
        If there is no such run or no checkpoint, or torch has no module for the network.
    """
    run = store.get(id)
    script = model_script(run.settings)
    kept = store.checkpoint(id, step)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(WEIGHTS, kept.weights)
        file.writestr(SETTINGS, run.settings.to_json())
        file.writestr(SCRIPT, script)
    return made.getvalue()
