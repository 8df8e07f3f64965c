"""Why settings are refused, as words that say what to change.

A value is out of its field's range, a run is too large for the memory, or choices have no meaning
together. What merely does not apply (momentum with Adam) is ignored: each field says where it
applies. Tasks are asked only about choices that are not their default, because they
bring torch; and through the package's table of public names, because they are built on settings.
"""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

import rnnviz
from rnnviz.errors import meant
from rnnviz.fields import Fields, condition, limits
from rnnviz.words import N_, NOTHING, Words, listed

MOST_ACTIVATIONS = 2**24
"""Largest length x batch x hidden x layers: training an LSTM of that size took 1.3 GB."""
_CHANGE = {
    "bidirectional": N_("set bidirectional to False"),
    "readout": N_("set readout to every"),
    "tied": N_("set tied to False"),
    "dropout_kind": N_("set teacher_forcing to 1, or dropout_kind to step"),
    "stateful": N_("set stateful to False"),
}
_NO_USE = {
    # where the task is not one that the field applies to
    "readout": N_(
        "the task {title} asks at more than one step of a sequence, and the states of "
        "all steps together give one answer"
    ),
    "tied": N_(
        "a network scores symbols by their own vectors where it foretells the symbols that go "
        "in, and the task {title} asks for something else"
    ),
    "stateful": N_(
        "the sequences of the task {title} do not go on from each other, so that no "
        "state can be carried from one to the next"
    ),
}


def misfit(error: ErrorDetails, fields: Mapping[str, FieldInfo]) -> Words:
    """Say what is wrong with one field, and what it may be."""
    name = str(error["loc"][0])
    if name not in fields:
        return Words(
            "There is no setting called {name!r}: {meant}", name=name, meant=meant(name, fields)
        )
    return Words(
        "{name} = {value}: must be {allowed}.",
        name=name,
        value=reprlib.repr(error["input"]),
        allowed=allowed(name, fields[name], error["type"]),
    )


def allowed(name: str, field: FieldInfo, fault: str = "int_type") -> Words:
    """Say what a field may be; that a number is whole, only where that was the fault."""
    if isinstance(field.default, bool):
        return Words("True or False")
    if name == "data":
        return Words("the key of a data set, 32 hex digits, or empty for the example")
    if isinstance(field.default, str):
        return Words("one of {choices}", choices=", ".join(get_args(field.annotation)))
    low, high = limits(field)
    if field.annotation is int and fault == "int_type":
        return Words("a whole number between {low:g} and {high:.10g}", low=low, high=high)
    if field.annotation == float | None:
        return Words("between {low:g} and {high:.10g}, or None", low=low, high=high)
    return Words("between {low:g} and {high:.10g}", low=low, high=high)


def refusal(settings: Fields) -> Words:
    """Return why settings that are each in range are refused; falsy if they are not."""
    return too_large(settings) or meaningless(settings)


def too_large(settings: Fields) -> Words:
    """Return what to lower where training would run out of memory; falsy if it would not."""
    activations = settings.length * settings.batch * settings.units
    if activations <= MOST_ACTIVATIONS:
        return NOTHING
    product = Words("length x batch x hidden x layers")
    if settings.bidirectional:
        product = Words("length x batch x hidden x layers x 2 directions")
    found = []  # the values that would do, each with the others as they are
    for name in ("length", "batch", "hidden", "layers"):
        most = MOST_ACTIVATIONS * getattr(settings, name) // activations
        if most >= limits(type(settings).model_fields[name])[0]:
            found.append(Words("{setting} to {most:,}", setting=name, most=most))
    smaller = Words("lower two or more of the four.")
    if found:
        smaller = Words("lower {changes}.", changes=_either(found))
    return Words(
        "{product} = {activations:,}: must be at most "
        "{most:,}, or training runs out of memory; {smaller}",
        product=product,
        activations=activations,
        most=MOST_ACTIVATIONS,
        smaller=smaller,
    )


def _either(choices: Sequence[Words]) -> Words:
    *first, last = choices
    return Words("{listed} or {last}", listed=listed(first), last=last) if first else last


def meaningless(settings: Fields) -> Words:
    """Return why settings have no meaning together; falsy if they have."""
    asked = [
        field
        for field in ("bidirectional", "readout", "tied", "stateful")
        if getattr(settings, field) != type(settings).model_fields[field].default
    ]
    kind = settings.dropout_kind
    drops = settings.dropout and (kind == "recurrent" or kind == "sequence" and settings.layers > 1)
    if drops and settings.teacher_forcing < 1:
        asked.append("dropout_kind")
    for field in asked:
        if reason := refused_by_task(settings.task, field):
            return Words(
                "{field} = {value}: {reason}; {change}.",
                field=field,
                value=getattr(settings, field),
                reason=reason,
                change=Words(_CHANGE[field]),
            )
    if settings.bidirectional and settings.truncation:
        return Words(
            "truncation = {truncation}: the layers that read backwards begin at the end "
            "of a sequence, so no piece of it can be read without those after it; set truncation "
            "to 0, or bidirectional to False.",
            truncation=settings.truncation,
        )
    if settings.tied and settings.embedding != settings.hidden:
        return Words(
            "tied = True: the vectors of the symbols, of {embedding} numbers, are to "
            "score what {hidden} hidden units give; set embedding to {hidden}.",
            embedding=settings.embedding,
            hidden=settings.hidden,
        )
    return NOTHING


def applies(name: str, values: Fields | Mapping[str, Any]) -> bool:
    """Return whether a setting means anything beside the others; it is ignored where it does not.

    Parameters
    ----------
    values : Fields or mapping
        The other settings; of a mapping, those that the condition of the field asks.
    """
    found = condition(Fields.model_fields[name])
    given = dict(values) if isinstance(values, Fields) else values
    return found is None or found.holds(given, lambda: rnnviz.TASKS[given["task"]])


def needed(name: str, settings: Fields) -> dict[str, Any]:
    """Return what of other settings has to be changed for one to mean anything."""
    fields = Fields.model_fields
    found = condition(fields[name])
    defaults = {other: field.default for other, field in fields.items()}
    return found.wants(dict(settings), defaults) if found else {}


def refused_by_task(task: str, field: str) -> Words:
    """Return why a task has no use for what a field would switch on, a clause; falsy if it has."""
    kind = rnnviz.TASKS[task]
    if field == "bidirectional":
        return Words(kind.only_forwards)
    if field == "dropout_kind" and kind.translates:
        return Words(
            "a decoder that reads its own answers runs step by step, each with other units dropped"
        )
    if field not in _NO_USE or applies(field, {"task": task}):
        return NOTHING
    return Words(_NO_USE[field], title=Words(kind.title))
