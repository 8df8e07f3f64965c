"""A trained network as files that plain torch reads: safetensors, and ten lines of Python.

The script needs torch and safetensors, and no rnnviz.
"""

import io
import zipfile

from rnnviz.errors import RunError
from rnnviz.reader import RunReader
from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.translationfile import translation_script

WEIGHTS, SETTINGS, SCRIPT = "weights.safetensors", "settings.json", "model.py"
POOLED = {
    # how the read-out reads -> what becomes of the hidden states before it
    "mean": "    hidden = hidden.cumsum(0) / torch.arange(1, len(hidden) + 1)[:, None, None]",
    "last": "    forwards, backwards = hidden.chunk(2, -1)\n"
    "    hidden = torch.cat([forwards, backwards[:1].expand_as(backwards)], -1)",
}
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
    if settings.residual and settings.layers > 1:
        raise RunError(
            "torch has no recurrent module with residual connections: train without them, "
            "to have a model that plain torch runs."
        )
    task = task_of(settings)
    if task.translates:
        size = f"{settings.embedding}, {settings.hidden}, {settings.layers}"
        return translation_script(settings, KINDS[settings.cell].format(size), WEIGHTS)
    features = settings.embedding if task.tokens else task.inputs
    both = ", bidirectional=True" * settings.bidirectional
    kind = KINDS[settings.cell].format(f"{features}, {settings.hidden}, {settings.layers}{both}")
    embedding = f"Embedding({task.inputs}, {features})" if task.tokens else "Identity()"
    what = "(time, batch) whole numbers" if task.tokens else f"(time, batch, {features}) numbers"
    pooled = "\n" + POOLED[settings.readout] if settings.readout in POOLED else ""
    if settings.readout == "last" and not settings.bidirectional:
        pooled = ""  # the last state of one direction is that of the answer's own step
    tied = ""
    if settings.tied:
        tied = f'\nweights["readout.weight"] = weights["input.weight"][:{task.outputs}]'
    return f'''import torch
from safetensors.torch import load_file

model = torch.nn.ModuleDict({{
    "input": torch.nn.{embedding},
    "rnn": torch.nn.{kind},
    "readout": torch.nn.Linear({settings.hidden * settings.directions}, {task.outputs}),
}})
weights = load_file("{WEIGHTS}"){tied}
model.load_state_dict(weights)

model.eval()

def run(x):  # x: {what}
    hidden = model["rnn"](model["input"](x))[0]{pooled}
    return model["readout"](hidden)  # (time, batch, {task.outputs})
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
