"""Why settings are refused, as sentences that say what to change.

A value is out of its field's range, a run is too large for the memory, or choices have no meaning
together. What merely does not apply (momentum with Adam) is ignored and not listed here:
`Settings` says more. Tasks are asked only about choices that are not their default, because they
bring torch.
"""

import difflib
import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

if TYPE_CHECKING:
    from rnnviz.settings import Settings

MOST_ACTIVATIONS = 2**24
"""Largest length x batch x hidden x layers: training an LSTM of that size took 1.3 GB."""


def limits(field: FieldInfo) -> tuple[float, float]:
    """Return the lowest and the highest value that a number field allows."""
    low = next(limit.ge for limit in field.metadata if isinstance(limit, annotated_types.Ge))
    high = next(limit.le for limit in field.metadata if isinstance(limit, annotated_types.Le))
    return low, high  # type: ignore[return-value]  # annotated_types promises less than we declare


def misfit(error: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    """Say what is wrong with one field, and what it may be."""
    name = str(error["loc"][0])
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}."
        return f"There is no setting called {name!r}: {meant}"
    field = fields[name]
    if isinstance(field.default, bool):
        allowed = "True or False"
    elif name == "data":
        allowed = "the key of a data set, 32 hex digits, or empty for the example"
    elif isinstance(field.default, str):
        allowed = f"one of {', '.join(get_args(field.annotation))}"
    else:
        low, high = limits(field)
        kind = "a whole number " if field.annotation is int and error["type"] == "int_type" else ""
        optional = ", or None" if field.annotation == float | None else ""
        allowed = f"{kind}between {low:g} and {high:.10g}{optional}"
    return f"{name} = {reprlib.repr(error['input'])}: must be {allowed}."


def refusal(settings: "Settings") -> str:
    """Return why settings that are each in range are refused, as a sentence; "" if they are not."""
    return too_large(settings) or meaningless(settings)


def too_large(settings: "Settings") -> str:
    """Return what to lower where training would run out of memory; "" if it would not."""
    activations = settings.length * settings.batch * settings.units
    if activations <= MOST_ACTIVATIONS:
        return ""
    both = " x 2 directions" * settings.bidirectional
    found = []  # the values that would do, each with the others as they are
    for name in ("length", "batch", "hidden", "layers"):
        most = MOST_ACTIVATIONS * getattr(settings, name) // activations
        if most >= limits(type(settings).model_fields[name])[0]:
            found.append(f"{name} to {most:,}")
    if len(found) > 1:
        smaller = f"lower {', '.join(found[:-1])} or {found[-1]}."
    else:
        smaller = f"lower {found[0]}." if found else "lower two or more of the four."
    return (
        f"length x batch x hidden x layers{both} = {activations:,}: must be at most "
        f"{MOST_ACTIVATIONS:,}, or training runs out of memory; {smaller}"
    )


def meaningless(settings: "Settings") -> str:
    """Return why settings have no meaning together; "" if they have."""
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
