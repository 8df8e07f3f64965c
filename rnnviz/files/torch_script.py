"""A trained network as files that plain torch reads: safetensors, and ten lines of Python.

The script needs torch and safetensors, and no rnnviz.
"""

import io
import zipfile

from rnnviz.errors import RunError
from rnnviz.files.translator_script import translation_script
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import TASKS, Task, task_of
from rnnviz.words import NOTHING, Words

WEIGHTS, SETTINGS, SCRIPT = "weights.safetensors", "settings.json", "model.py"
POOLED = {
    # how the read-out reads -> what becomes of the hidden states before it
    "mean": "    hidden = hidden.cumsum(0) / torch.arange(1, len(hidden) + 1)[:, None, None]",
    "last": "    forwards, backwards = hidden.chunk(2, -1)\n"
    "    hidden = torch.cat([forwards, backwards[:1].expand_as(backwards)], -1)",
}
RESIDUAL = """
def apart(name):  # rnn.weight_ih_l1 is weight_ih_l0 of layer 1 alone
    kind, dash, rest = name.removeprefix("rnn.").partition("_l")
    return f"rnn.{rest[0]}.{kind}_l0{rest[1:]}" if dash else name

def stack(x):  # from the second layer on, what a layer reads is added to what it gives
    for place, layer in enumerate(model["rnn"]):
        x = layer(x)[0] + (x if place else 0)
    return x

"""
MODULES = {
    "rnn": 'RNN({}, nonlinearity="tanh")',
    "rnn_relu": 'RNN({}, nonlinearity="relu")',
    "lstm": "LSTM({})",
    "gru": "GRU({})",
}


def why_no_script(settings: Settings) -> Words:
    """Return why plain torch cannot run a network, as a sentence; falsy if it can."""
    if settings.norm != "none":
        return Words(
            "torch has no recurrent module with layer normalisation: train without it, to have a "
            "model that plain torch runs."
        )
    if settings.residual and settings.layers > 1 and TASKS[settings.task].translates:
        return Words(
            "torch has no recurrent module with residual connections, and a translator's script "
            "does not write them out: train it without them, to have a model that plain torch runs."
        )
    return NOTHING


def model_script(settings: Settings, task: Task | None = None) -> str:
    """Return the Python that rebuilds the network of settings and loads its weights.

    Parameters
    ----------
    task : Task, optional
        That of the settings; `rnnviz.tasks.task_of(settings)` if None.

    Raises
    ------
    RunError
        If torch has no module for it.
    """
    if reason := why_no_script(settings):
        raise RunError(reason)
    task = task or task_of(settings)
    if task.translates:
        size = f"{settings.embedding}, {settings.hidden}, {settings.layers}"
        return translation_script(settings, MODULES[settings.cell].format(size), WEIGHTS)
    features = settings.embedding if task.tokens else task.inputs
    width = settings.hidden * settings.directions
    both = ", bidirectional=True" * settings.bidirectional
    kind = "torch.nn." + MODULES[settings.cell]
    rnn = kind.format(f"{features}, {settings.hidden}, {settings.layers}{both}")
    weights, read = f'load_file("{WEIGHTS}")', 'model["rnn"](model["input"](x))[0]'
    residual = ""
    if settings.residual and settings.layers > 1:  # layer by layer, each a module of its own
        first, other = (kind.format(f"{n}, {settings.hidden}, 1{both}") for n in (features, width))
        rnn = f"torch.nn.ModuleList([{first}] + [{other} for _ in range({settings.layers - 1})])"
        weights = f"{{apart(name): tensor for name, tensor in {weights}.items()}}"
        read, residual = 'stack(model["input"](x))', RESIDUAL
    embedding = f"Embedding({task.inputs}, {features})" if task.tokens else "Identity()"
    what = "(time, batch) whole numbers" if task.tokens else f"(time, batch, {features}) numbers"
    pooled = "\n" + POOLED[settings.readout] if settings.readout in POOLED else ""
    if settings.readout == "last" and not settings.bidirectional:
        pooled = ""  # the last state of one direction is that of the answer's own step
    tied = ""
    if settings.tied:
        tied = f'\nweights["readout.weight"] = weights["input.weight"][:{task.outputs}]'
    return f"""import torch
from safetensors.torch import load_file

model = torch.nn.ModuleDict({{
    "input": torch.nn.{embedding},
    "rnn": {rnn},
    "readout": torch.nn.Linear({width}, {task.outputs}),
}})
{residual}weights = {weights}{tied}
model.load_state_dict(weights)

model.eval()

def run(x):  # x: {what}
    hidden = {read}{pooled}
    return model["readout"](hidden)  # (time, batch, {task.outputs})
"""


def model_file(store: RunStore, id: str, step: int | None = None) -> bytes:
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
    run = store.runs.get(id)
    script = model_script(run.settings, task_of(run.settings, store.data))
    kept = store.runs.checkpoint(id, step)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(WEIGHTS, kept.weights)
        file.writestr(SETTINGS, run.settings.to_json())
        file.writestr(SCRIPT, script)
    return made.getvalue()
