"""The view of what a language model writes when it goes on from a prompt."""

from typing import cast

import torch

from rnnviz.analysis import continuation
from rnnviz.errors import RunError
from rnnviz.networks.model import SequenceModel
from rnnviz.plots.style import theme
from rnnviz.tasks import TASKS, Task
from rnnviz.tasks.characters import Characters
from rnnviz.tasks.words import WordTask
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import WritingMessage
from rnnviz.views.reading import model_of
from rnnviz.views.scene import Scene
from rnnviz.views.text_messages import Continuation, Written
from rnnviz.words import N_, language, tn

LONGEST_PROMPT = 200
PROMPTS = [kind.prompt for kind in TASKS.values() if issubclass(kind, (Characters, WordTask))]
"""What each language model goes on from, if nothing else is typed."""
MOST_CHARACTERS = 400
MOST_WORK = 2**28
"""Multiplications of weights in one text: about a tenth of a second."""


def can_write(task: Task) -> bool:
    """Return whether a task's network is a language model, which can go on from a prompt."""
    return isinstance(task, Characters | WordTask)


def show_writing(scene: Scene) -> WritingMessage:
    """Let the network write after a prompt."""
    task, choice = scene.task, scene.choice
    if not isinstance(task, Characters | WordTask):
        raise RunError(
            "Only a language model can write: choose the task of the next character, or word."
        )
    first = task.prompt
    prompt = choice.text("prompt", first)[:LONGEST_PROMPT] or first
    wanted = choice.number("characters", 200, 1, MOST_CHARACTERS)
    temperature = choice.number("temperature", 80, 0, 300) / 100
    seed = choice.number("draw", 0, 0, 2**32 - 1)
    run = scene.run.id if scene.run else None
    key = (run, scene.settings, scene.step, prompt, wanted, temperature, seed, language())
    by_words = isinstance(task, WordTask)

    def make() -> Continuation:
        model = cast(SequenceModel, model_of(scene))
        weights = sum(weight.numel() for name, weight in model.rnn.named_parameters())
        read = task.encode(prompt)
        if not len(read):
            raise RunError("There is no word in this prompt: write one to go on from.")
        length = min(wanted, max(20, MOST_WORK // weights - len(read)))
        tokens = torch.tensor(read)
        drawn = continuation(model, tokens, length, temperature=temperature, seed=seed)
        unknown = int((read == task.inputs - 1).sum())
        written = drawn["token"].tolist()
        return {
            "prompt": prompt.rstrip() if by_words else prompt,
            "text": task.pieces(written)
            if isinstance(task, WordTask)
            else list(task.decode(written)),
            "share": drawn["probability"].round(4).tolist(),
            "said": remarks(by_words, unknown, length if length < wanted else 0),
            "when": scene.when,
        }

    made: Continuation = scene.gallery.written.get(key, make)
    palette = theme(choice.theme)
    written: Written = {
        **made,
        "scale": [[0.0, palette.signal["cell_state"]], [1.0, palette.paper]],
        "ink": palette.ink,
        "paper": palette.paper,
    }
    return {"writing": written}


def remarks(by_words: bool, unknown: int, most: int) -> str:
    """Say how much of the prompt is not known, and at how much the text ends; 0 for neither."""
    said = []
    if most:
        said.append(
            tn(
                "A network of this size writes {count} word at once.",
                "A network of this size writes {count} words at once.",
                most,
            )
            if by_words
            else tn(
                "A network of this size writes {count} character at once.",
                "A network of this size writes {count} characters at once.",
                most,
            )
        )
    if unknown:
        said.append(
            tn(
                "{count} word of the prompt is not known to the network.",
                "{count} words of the prompt are not known to the network.",
                unknown,
            )
            if by_words
            else tn(
                "{count} character of the prompt is not known to the network.",
                "{count} characters of the prompt are not known to the network.",
                unknown,
            )
        )
    return " ".join(said)


LOOK = Look(
    "writing", "", N_("let it write"), {"writing": View(show_writing, rest=1.0)}, fits=networks
)
