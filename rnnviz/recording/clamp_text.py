"""Clamp: what to change inside a layer, as a value that can be hashed and written as text.

The text goes into addresses: ``rnn.l0.forget_gate=1@units:0-3@times:10-20``. ``*0.5`` scales,
``=mean`` sets to the mean over time and batch in the unchanged run, ``10-`` is from step 10 on.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import isfinite
from typing import Literal, Self, cast, get_args

from torch import nn

from rnnviz.errors import ClampError
from rnnviz.recording.clamp import END, Places, Ranges, clamp, ranges
from rnnviz.recording.trace import Trace
from rnnviz.words import N_, Words

How = Literal["set", "scale", "mean"]

MOST = 8
"""Clamps in one text."""
LARGEST_VALUE = 1e6
"""Magnitude of a clamp's number."""
FORM = N_(
    "write it like rnn.l0.forget_gate=1, rnn.l0.candidate*0.5@units:0-3,7 or "
    "rnn.l0.output_gate=mean@times:10-20"
)
_TEXT = re.compile(
    r"(?P<layer>[\w.]{1,200})\.(?P<signal>\w{1,40})"
    r"(?:(?P<mean>=mean)|(?P<sign>[=*])(?P<value>[-+.0-9e]{1,24}))"
    r"(?:@units:(?P<units>[0-9,-]{1,400}))?(?:@times:(?P<times>[0-9,-]{1,400}))?"
)
_SPAN = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})?)?")


@dataclass(frozen=True)
class Clamp:
    """A change of one signal of one layer.

    Parameters
    ----------
    layer, signal : str
    how : "set", "scale" or "mean"
    value : float, optional
        What to set the signal to, or multiply it with; none for the mean.
    units, times : int, slice or sequence of int, optional
        As `rnnviz.clamp` takes them; kept as ranges.

    Raises
    ------
    ClampError
        If the parts have no meaning together.
    """

    layer: str
    signal: str
    how: How = "set"
    value: float | None = None
    units: Places = None
    times: Places = None

    def __post_init__(self) -> None:
        """Check the parts, and keep units and times as ranges."""
        if self.how not in get_args(How):
            raise ClampError(
                "how = {how!r}: must be one of {choices}.",
                how=self.how,
                choices=", ".join(get_args(How)),
            )
        if (self.how == "mean") != (self.value is None):
            raise ClampError("Give a number to set or scale to, and none for the mean.")
        if self.value is not None:
            value = float(self.value)
            if not (isfinite(value) and abs(value) <= LARGEST_VALUE):
                raise ClampError(
                    "value = {value:g}: must be between -{largest:,.0f} and {largest:,.0f}.",
                    value=value,
                    largest=LARGEST_VALUE,
                )
            object.__setattr__(self, "value", value)
        object.__setattr__(self, "units", _merged(ranges(self.units, "units")))
        object.__setattr__(self, "times", _merged(ranges(self.times, "times")))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one clamp's text.

        Raises
        ------
        ClampError
            With the form of such a text.
        """
        found = _TEXT.fullmatch(text.strip())
        try:
            if found is None:
                raise ValueError
            how: How = "mean" if found["mean"] else "set" if found["sign"] == "=" else "scale"
            value = None if found["mean"] else float(found["value"])
            units, times = (found[name] and _spans(found[name]) for name in ("units", "times"))
        except ValueError:
            raise ClampError(
                "{text!r} is no change of a signal: {form}.", text=text[:80], form=Words(FORM)
            ) from None
        return cls(found["layer"], found["signal"], how, value, units or None, times or None)

    def attach(self, module: nn.Module, plain: Trace | None = None) -> AbstractContextManager[None]:
        """Return the context in which a module runs with this change.

        Parameters
        ----------
        module : nn.Module
        plain : Trace, optional
            The unchanged run that a mean is taken of.
        """
        return clamp(
            module,
            self.layer,
            self.signal,
            self.value if self.how == "set" else None,
            scale=self.value if self.how == "scale" else None,
            mean_of=plain if self.how == "mean" else None,
            units=self.units,
            times=self.times,
        )

    def where(self, steps: int, size: int) -> tuple[list[int], list[int]]:
        """Return the time steps and units it changes, of so many that there are."""
        return _among(cast(Ranges | None, self.times), steps), _among(
            cast(Ranges | None, self.units), size
        )

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        number = repr(self.value).removesuffix(".0")
        change = {"set": f"={number}", "scale": f"*{number}", "mean": "=mean"}[self.how]
        text = f"{self.layer}.{self.signal}{change}"
        for name in ("units", "times"):
            if getattr(self, name):
                text += f"@{name}:{written(getattr(self, name))}"
        return text


def parse_clamps(text: str) -> tuple[Clamp, ...]:
    """Read several clamps, separated by ``;``; an empty text is none.

    Raises
    ------
    ClampError
        If one cannot be read, or there are too many.
    """
    parts = [part for part in text.split(";") if part.strip()]
    if len(parts) > MOST:
        raise ClampError(
            "{count} changes at once are too many: choose up to {most}.",
            count=len(parts),
            most=MOST,
        )
    return tuple(Clamp.parse(part) for part in parts)


def written(places: Ranges, dash: str = "-") -> str:
    """Write ranges down: ``0-3,7,10-``."""
    return ",".join(
        f"{each.start}{dash}" if each.stop == END
        else str(each.start) if len(each) == 1
        else f"{each.start}{dash}{each.stop - 1}"
        for each in places
    )  # fmt: skip


def _among(places: Ranges | None, most: int) -> list[int]:
    return [i for i in range(most) if places is None or any(i in each for each in places)]


def _spans(text: str) -> Ranges:
    """Read what `written` wrote; raise ValueError for anything else."""
    found = []
    for part in text.split(","):
        span = _SPAN.fullmatch(part)
        if span is None:
            raise ValueError(part)
        first, dash, last = span.groups()
        stop = int(last) + 1 if last else END if dash else int(first) + 1
        found.append(range(int(first), stop))
    return tuple(found)


def _merged(places: Ranges | None) -> Ranges | None:
    """Return the same places as ranges without steps, neighbours put together, in order."""
    if places is None:
        return None
    parts: list[range] = []
    for each in places:
        if each.step != 1 and each.stop == END:
            raise ClampError("Steps of more than one need an end: give a slice with all three.")
        parts += [each] if each.step == 1 else [range(i, i + 1) for i in each]
    merged: list[range] = []
    for each in sorted(parts, key=lambda each: each.start):
        if merged and each.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, each.stop))
        else:
            merged.append(each)
    return tuple(merged)
