"""What could a unit know? Properties of every step of a sequence, to compare units with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnnviz.analysis.expressions import inside_matches
from rnnviz.errors import TraceError
from rnnviz.words import N_, Words

VOWELS = set("aeiouäöüàâèéêëîïôùûœæáíóúåø")
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Property:
    """One thing that may hold at a step, or be counted there.

    Attributes
    ----------
    title : str
        What it is, in the words that stand in a menu.
    binary : bool
        Whether it holds or does not; a number otherwise.
    needs : str
        What of a sequence has to be there: "text" (characters go in), "symbols" (tokens of any kind
        go in), "answers" (classes should come out), "inputs", "targets" (numbers), or "".
    parameter : str
        "symbol", "answer", "feature" or "pattern" where one has to be given.
    lag : bool
        Whether it may be asked about some steps ago.
    """

    title: str
    binary: bool
    needs: str = ""
    parameter: str = ""
    lag: bool = False


PROPERTIES = {
    "quotes": Property(N_("inside quotes"), True, "text"),
    "brackets": Property(N_("inside brackets"), True, "text"),
    "line": Property(N_("position in the line"), False, "text"),
    "word": Property(N_("position in the word"), False, "text"),
    "vowel": Property(N_("a vowel"), True, "text", lag=True),
    "space": Property(N_("a space or line end"), True, "text", lag=True),
    "capital": Property(N_("a capital letter"), True, "text", lag=True),
    "regex": Property(N_("a regular expression"), True, "text", "pattern"),
    "symbol": Property(N_("a symbol"), True, "symbols", "symbol", lag=True),
    "answer": Property(N_("a symbol as the target"), True, "answers", "answer"),
    "value": Property(N_("an input"), False, "inputs", "feature", lag=True),
    "total": Property(N_("the sum of an input so far"), False, "inputs", "feature"),
    "target": Property(N_("the target"), False, "targets"),
    "time": Property(N_("the time step"), False),
}


def property_values(
    name: str,
    *,
    steps: int,
    samples: int,
    symbols: Sequence[Sequence[str]] | None = None,
    answers: Sequence[Sequence[str]] | None = None,
    inputs: np.ndarray | None = None,
    targets: np.ndarray | None = None,
    symbol: str = "",
    feature: int = 0,
    pattern: str = "",
    ago: int = 0,
) -> np.ndarray:
    """Return a property at every step: (time, batch), NaN where it has no meaning.

    A binary property is 0 or 1. Each sequence counts from its own beginning, as the network does:
    a quotation that began before it is not known.

    Parameters
    ----------
    name : str
        A key of `PROPERTIES`.
    symbols, answers : sequence (sample) of sequences (time) of str, optional
        What goes in and what should come out ("" where nothing is asked), for sequences of symbols.
    inputs, targets : ndarray (time, batch, feature), (time, batch, output), optional
        The same for sequences of numbers; NaN where no answer is asked.
    symbol, feature, pattern
        The parameter that the property names.
    ago : int
        Steps to look back.

    Raises
    ------
    TraceError
        If there is no such property, or the sequences are of another kind than it needs.
    """
    kind = PROPERTIES.get(name)
    if kind is None:
        raise TraceError(
            "There is no property {name!r}: there are {known}.",
            name=name,
            known=", ".join(PROPERTIES),
        )
    given = {
        "": 1,
        "text": symbols,
        "symbols": symbols,
        "answers": answers,
        "inputs": inputs,
        "targets": targets,
    }
    if given[kind.needs] is None:
        raise TraceError(
            'The property "{title}" has no meaning here: choose another.', title=Words(kind.title)
        )
    if name == "time":
        found = np.repeat(np.arange(steps, dtype=float)[:, None], samples, axis=1)
    elif name == "regex":
        assert symbols is not None
        inside = inside_matches(pattern, ["".join(row) for row in symbols])
        pairs = zip(symbols, inside, strict=True)
        found = np.array([_any_of(row, marks) for row, marks in pairs], dtype=float).T
    elif name == "answer":
        found = np.array(
            [[np.nan if s == "" else s == symbol for s in row] for row in answers or ()], float
        ).T
    elif kind.needs in ("text", "symbols"):
        assert symbols is not None
        found = np.array([_of_symbols(name, row, symbol) for row in symbols], dtype=float).T
    elif name == "target":
        assert targets is not None
        found = np.asarray(targets, float)[..., 0]
    else:
        assert inputs is not None
        one = np.asarray(inputs, float)[..., min(feature, inputs.shape[-1] - 1)]
        found = one.cumsum(0) if name == "total" else one
    if kind.lag and ago:
        found = np.concatenate([np.full((min(ago, steps), samples), np.nan), found])[:steps]
    return found


def _of_symbols(name: str, row: Sequence[str], symbol: str) -> list[float]:
    """Return a property of one sequence of symbols, step by step."""
    if name == "symbol":
        return [each == symbol for each in row]
    if name == "vowel":
        return [each.lower() in VOWELS for each in row]
    if name == "space":
        return [each.isspace() for each in row]
    if name == "capital":
        return [each.isupper() for each in row]
    if name == "line":
        return _since(row, lambda each: each == "\n")
    if name == "word":
        return _since(row, lambda each: not each.isalpha())
    return _inside_quotes(row) if name == "quotes" else _inside_brackets(row)


def _any_of(row: Sequence[str], inside: Sequence[bool]) -> list[bool]:
    """Tell of each symbol whether any character of it is marked; an accent is a character."""
    ends = np.cumsum([len(each) for each in row]).tolist()
    return [any(inside[end - len(each) : end]) for each, end in zip(row, ends, strict=True)]


def _since(row: Sequence[str], ends: Callable[[str], bool]) -> list[float]:
    """Count the steps since a symbol that ends something; 0 at that symbol."""
    counted: list[float] = []
    count = 0
    for place, each in enumerate(row):
        count = 0 if ends(each) or not place else count + 1
        counted.append(count)
    return counted


def _inside_quotes(row: Sequence[str]) -> list[float]:
    """Tell where a quotation is open, its opening mark included.

    “…”, „…“, «…», "…" and the `…' of plain-text books; an apostrophe stands between two letters
    or at the end of a quotation that nothing opened.
    """
    inside, closes = [], ""
    pairs = {"`": "'’", "“": "”", "„": "“”", "«": "»", '"': '"', "‘": "’"}
    for place, each in enumerate(row):
        after = row[place + 1] if place + 1 < len(row) else " "
        if closes:
            apostrophe = each in "'’" and after.isalpha()
            if each in closes and not apostrophe:
                closes = ""
                inside.append(0.0)
                continue
        elif each in pairs:
            closes = pairs[each]
        inside.append(float(bool(closes)))
    return inside


def _inside_brackets(row: Sequence[str]) -> list[float]:
    """Tell where a round, square or curly bracket is open, its opening mark included."""
    inside, depth = [], 0
    for each in row:
        if each in OPENING:
            depth += 1
        elif each in CLOSING:
            depth = max(0, depth - 1)
        inside.append(float(depth > 0))
    return inside
