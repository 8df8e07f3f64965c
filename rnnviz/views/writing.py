"""The view of what a language model writes when it goes on from a prompt."""

from typing import Any, cast

import torch

from rnnviz.analysis import continuation
from rnnviz.errors import RunError
from rnnviz.model import SequenceModel
from rnnviz.plots.style import theme
from rnnviz.tasks import TASKS, Task
from rnnviz.tasks.characters import Characters
from rnnviz.tasks.words import Words
from rnnviz.views.cache import Cache
from rnnviz.views.reading import model_of
from rnnviz.views.scene import Scene

LONGEST_PROMPT = 200
PROMPTS = [kind.prompt for kind in TASKS.values() if issubclass(kind, (Characters, Words))]
"""What each language model goes on from, if nothing else is typed."""
MOST_CHARACTERS = 400
MOST_WORK = 2**28
"""Multiplications of weights in one text: about a tenth of a second."""

_written: Cache[dict[str, Any]] = Cache(32)


def can_write(task: Task) -> bool:
    """Return whether a task's network is a language model, which can go on from a prompt."""
    return isinstance(task, Characters | Words)


def show_writing(scene: Scene) -> dict[str, Any]:
    """Let the network write after a prompt."""
    task, choice = scene.task, scene.choice
    if not isinstance(task, Characters | Words):
        raise RunError(
            "Only a language model can write: choose the task of the next character, or word."
        )
    first = task.prompt
    prompt = choice.text("prompt", first)[:LONGEST_PROMPT] or first
    wanted = choice.number("characters", 200, 1, MOST_CHARACTERS)
    temperature = choice.number("temperature", 80, 0, 300) / 100
    seed = choice.number("draw", 0, 0, 2**32 - 1)
    run = scene.run.id if scene.run else None
    key = (run, scene.settings, scene.step, prompt, wanted, temperature, seed)

    def make() -> dict[str, Any]:
        model = cast(SequenceModel, model_of(scene))
        weights = sum(weight.numel() for name, weight in model.rnn.named_parameters())
        read = task.encode(prompt)
        if not len(read):
            raise RunError("There is no word in this prompt: write one to go on from.")
        length = min(wanted, max(20, MOST_WORK // weights - len(read)))
        tokens = torch.tensor(read)
        drawn = continuation(model, tokens, length, temperature=temperature, seed=seed)
        unit = "words" if isinstance(task, Words) else "characters"
        unknown = int((read == task.inputs - 1).sum())
        said = f"{unknown} {unit} of the prompt are not known to the network." if unknown else ""
        if length < wanted:
            said = f"A network of this size writes {length} {unit} at once. {said}"
        written = drawn["token"].tolist()
        return {
            "prompt": prompt.rstrip() if isinstance(task, Words) else prompt,
            "text": task.pieces(written) if isinstance(task, Words) else list(task.decode(written)),
            "share": drawn["probability"].round(4).tolist(),
            "said": said.strip(),
            "when": scene.when,
        }

    written = _written.get(key, make)
    palette = theme(choice.theme)
    colours = {
        "scale": [[0.0, palette.signal["cell_state"]], [1.0, palette.paper]],
        "ink": palette.ink,
        "paper": palette.paper,
    }
    return {"writing": written | colours}
