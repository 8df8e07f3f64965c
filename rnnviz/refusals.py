"""Which choices have no meaning together, each with the reason and with what to change.

What merely does not apply (momentum with Adam) is ignored and not listed here: `Settings` says
more. Tasks are asked only about choices that are not their default, because they bring torch.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnviz.settings import Settings


def refusal(settings: "Settings") -> str:
    """Return why settings have no meaning, as a sentence; "" if they have."""
    for field in ("bidirectional", "readout", "tied", "stateful"):
        default = type(settings).model_fields[field].default
        if getattr(settings, field) != default:
            if reason := refused_by_task(settings.task, field):
                return f"{field} = {getattr(settings, field)}: {reason}"
    kind = settings.dropout_kind
    drops = settings.dropout and (kind == "recurrent" or kind == "sequence" and settings.layers > 1)
    if drops and settings.teacher_forcing < 1:
        if reason := refused_by_task(settings.task, "dropout_kind"):
            return f"dropout_kind = {kind}: {reason}"
    if settings.bidirectional and settings.truncation:
        return (
            f"truncation = {settings.truncation}: the layers that read backwards begin at the end "
            "of a sequence, so no piece of it can be read without those after it; set truncation "
            "to 0, or bidirectional to False."
        )
    if settings.tied and settings.embedding != settings.hidden:
        return (
            f"tied = True: the vectors of the symbols, of {settings.embedding} numbers, are to "
            f"score what {settings.hidden} hidden units give; set embedding to {settings.hidden}."
        )
    return ""


def refused_by_task(task: str, field: str) -> str:
    """Return why a task has no use for what a field would switch on; "" if it has."""
    from rnnviz.tasks import TASKS  # here, because it brings torch

    kind = TASKS[task]
    if field == "bidirectional":
        return kind.only_forwards and f"{kind.only_forwards}; set bidirectional to False."
    if field == "readout" and not kind.one_answer:
        return (
            f"the task {kind.title} asks at more than one step of a sequence, and the states of "
            "all steps together give one answer; set readout to every."
        )
    if field == "tied" and not (kind.foretells and kind.tokens):
        return (
            "a network scores symbols by their own vectors where it foretells the symbols that go "
            f"in, and the task {kind.title} asks for something else; set tied to False."
        )
    if field == "dropout_kind" and kind.translates:
        return (
            "a decoder that reads its own answers runs step by step, each with other units "
            "dropped; set teacher_forcing to 1, or dropout_kind to step."
        )
    if field == "stateful" and not kind.continues:
        return (
            f"the sequences of the task {kind.title} do not go on from each other, so that no "
            "state can be carried from one to the next; set stateful to False."
        )
    return ""
