"""A trained translator as a script for plain torch: it reads a text and writes its translation."""

from typing import cast

from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.tasks.translation import TranslationTask

SCORES = {
    # attention -> its modules, and the scores (source step,) of a state h (1, hidden)
    "none": ("", ""),
    "dot": ("", "(memory * h).sum(-1)"),
    "additive": (
        """
    "attention": torch.nn.ModuleDict({{
        "of_decoder": torch.nn.Linear({0}, {0}, bias=False),
        "of_encoder": torch.nn.Linear({0}, {0}, bias=False),
        "sum": torch.nn.Linear({0}, 1, bias=False),
    }}),""",
        'look["sum"]((look["of_decoder"](h) + look["of_encoder"](memory)).tanh())[..., 0]',
    ),
}


def translation_script(settings: Settings, kind: str, weights: str) -> str:
    """Return the Python that rebuilds the translator of settings and writes translations.

    Parameters
    ----------
    settings : Settings
        Of a task of translation.
    kind : str
        The constructor in `torch.nn` of both recurrent modules.
    weights : str
        Name of the file with the weights.
    """
    task = cast(TranslationTask, task_of(settings))
    hidden = settings.hidden
    modules, scores = SCORES[settings.attention]
    combine = attend = ""
    if scores:
        combine = f'\n    "combine": torch.nn.Linear({2 * hidden}, {hidden}),'
        look = '        look = model["attention"]\n' if modules else ""
        attend = f"""
{look}        shares = ({scores}).softmax(0)  # of the source's steps
        context = (shares[:, None] * memory).sum(0, keepdim=True)
        h = model["combine"](torch.cat([context, h], -1)).tanh()"""
    return f"""import torch
from safetensors.torch import load_file

SYMBOLS = {list(task.symbols)!r}
GO, END = {task.go}, {task.end}  # what begins a target, and the answer that ends it

model = torch.nn.ModuleDict({{
    "input": torch.nn.Embedding({task.inputs}, {settings.embedding}),
    "encoder": torch.nn.{kind},
    "decoder": torch.nn.{kind},{modules.format(hidden)}{combine}
    "readout": torch.nn.Linear({hidden}, {task.outputs}),
}})
model.load_state_dict(load_file("{weights}"))

model.eval()

@torch.no_grad()
def translate(text, longest={task.target_steps}):
    source = torch.tensor([SYMBOLS.index("␣" if each == " " else each) for each in text])
    memory, state = model["encoder"](model["input"](source))
    written, before = "", GO
    for _ in range(longest):
        h, state = model["decoder"](model["input"](torch.tensor([before])), state){attend}
        before = int(model["readout"](h)[0].argmax())
        if before == END:
            break
        written += SYMBOLS[before]
    return written
"""
