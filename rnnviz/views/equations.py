"""The equations of each cell as they are computed, in letters and with the places of the numbers.

Written in a small language that the drawing's script sets in type: ``f[t]`` is a letter with a
subscript, ``{forget_gate.Wx}`` the number of that column of `rnnviz.analysis.anatomy`. A
right-hand side that is given several times is worked out from left to right. The tests evaluate
every one of them.
"""

import re
from typing import Any

from rnnviz.words import N_, t

Piece = dict[str, Any]

TOKEN = re.compile(
    r"(?:(?P<op>[+·−]) )?\{(?P<number>[\w.]+)\}"
    r"|(?P<letter>δ[A-Za-z]*|[A-Za-z]+)\[(?P<below>[^\]]*)\]"
)


def _gate(letter: str, name: str, function: str = "σ(") -> tuple[str, ...]:
    """Return a gate's equation, both of torch's biases in it."""
    parts = f"{{{name}.Wx}} + {{{name}.b_ih}} + {{{name}.Wh}} + {{{name}.b_hh}}"
    first, second = f"i{letter}", f"h{letter}"
    return (
        f"{letter}[t]",
        f"{function} W[{first}] x[t] + b[{first}] + W[{second}] h[t−1] + b[{second}] )",
        f"{function} {parts} )",
        f"{function} {{{name}.sum}} )",
        f"{{{name}.computed}}",
    )


def _back(letter: str, name: str, slope: str = "σ") -> tuple[str, ...]:
    """Return the step back through a gate's function to its pre-activation."""
    given, result = f"{{gradient.{name}}}", f"{{gradient.{name}.sum}}"
    if slope == "σ":
        return (
            f"δa[{letter}]",
            f"δ{letter}[t] · {letter}[t] (1 − {letter}[t])",
            f"{given} · {{{name}}} · (1 − {{{name}}} )",
            result,
        )
    return (
        f"δa[{letter}]",
        f"δ{letter}[t] · (1 − {letter}[t]²)",
        f"{given} · (1 − ( {{{name}}} )²)",
        result,
    )


_OF_STATE = ("kept", "added", "tanh_cell")
_OUT_AND_LATER = "{gradient.hidden_state.out} + {gradient.hidden_state.later}"
_RNN = _gate("h", "hidden_state", "tanh(")
_RELU = _gate("h", "hidden_state", "max(0,")

_SLOPE_OF_RELU = N_("δh[t] · (1 if h[t] > 0, else 0)")
"""The one equation that has words in it."""

VALUES = {
    "rnn": (_RNN,),
    "rnn_relu": (_RELU,),
    "lstm": (
        _gate("f", "forget_gate"),
        _gate("i", "input_gate"),
        _gate("g", "candidate", "tanh("),
        _gate("o", "output_gate"),
        (
            "c[t]",
            "f[t] · c[t−1] + i[t] · g[t]",
            "{forget_gate} · {cell_state.before} + {input_gate} · {candidate}",
            "{kept} + {added}",
            "{cell_state.computed}",
        ),
        (
            "h[t]",
            "o[t] · tanh( c[t] )",
            "{output_gate} · tanh( {cell_state} )",
            "{output_gate} · {tanh_cell}",
            "{hidden_state.computed}",
        ),
    ),
    "gru": (
        _gate("r", "reset_gate"),
        _gate("z", "update_gate"),
        (
            "n[t]",
            "tanh( W[in] x[t] + b[in] + r[t] · ( W[hn] h[t−1] + b[hn] ) )",
            "tanh( {candidate.Wx} + {candidate.b_ih} "
            "+ {reset_gate} · ( {candidate.Wh} + {candidate.b_hh} ) )",
            "tanh( {candidate.sum} )",
            "{candidate.computed}",
        ),
        (
            "h[t]",
            "(1 − z[t]) · n[t] + z[t] · h[t−1]",
            "(1 − {update_gate} ) · {candidate} + {update_gate} · {hidden_state.before}",
            "{added} + {kept}",
            "{hidden_state.computed}",
        ),
    ),
}

GRADIENT = {
    "rnn": (
        ("δh[t]", "δ[out] + W[hh]ᵀ δa[t+1]", _OUT_AND_LATER, "{gradient.hidden_state}"),
        (
            "δa[t]",
            "δh[t] · (1 − h[t]²)",
            "{gradient.hidden_state} · (1 − ( {hidden_state} )²)",
            "{gradient.hidden_state.sum}",
        ),
    ),
    "rnn_relu": (
        ("δh[t]", "δ[out] + W[hh]ᵀ δa[t+1]", _OUT_AND_LATER, "{gradient.hidden_state}"),
        (
            "δa[t]",
            _SLOPE_OF_RELU,
            "{gradient.hidden_state} · {hidden_state.slope}",
            "{gradient.hidden_state.sum}",
        ),
    ),
    "lstm": (
        ("δh[t]", "δ[out] + W[h]ᵀ δa[t+1]", _OUT_AND_LATER, "{gradient.hidden_state}"),
        (
            "δc[t]",
            "δh[t] · o[t] · (1 − tanh² c[t]) + f[t+1] · δc[t+1]",
            "{gradient.cell_state.out} + {gradient.cell_state.later}",
            "{gradient.cell_state}",
        ),
        (
            "δf[t]",
            "δc[t] · c[t−1]",
            "{gradient.kept} · {cell_state.before}",
            "{gradient.forget_gate}",
        ),
        ("δi[t]", "δc[t] · g[t]", "{gradient.added} · {candidate}", "{gradient.input_gate}"),
        ("δg[t]", "δc[t] · i[t]", "{gradient.added} · {input_gate}", "{gradient.candidate}"),
        (
            "δo[t]",
            "δh[t] · tanh( c[t] )",
            "{gradient.hidden_state.in} · {tanh_cell}",
            "{gradient.output_gate}",
        ),
        _back("f", "forget_gate"),
        _back("i", "input_gate"),
        _back("g", "candidate", "tanh"),
        _back("o", "output_gate"),
    ),
    "gru": (
        (
            "δh[t]",
            "δ[out] + z[t+1] · δh[t+1] + W[h]ᵀ δa[t+1]",
            _OUT_AND_LATER,
            "{gradient.hidden_state}",
        ),
        (
            "δn[t]",
            "δh[t] · (1 − z[t])",
            "{gradient.hidden_state.in} · {one_minus}",
            "{gradient.candidate}",
        ),
        (
            "δz[t]",
            "δh[t] · ( h[t−1] − n[t] )",
            "{gradient.hidden_state.in} · ( {hidden_state.before} − {candidate} )",
            "{gradient.update_gate}",
        ),
        _back("n", "candidate", "tanh"),
        (
            "δr[t]",
            "δa[n] · ( W[hn] h[t−1] + b[hn] )",
            "{gradient.candidate.sum} · {candidate.h}",
            "{gradient.reset_gate}",
        ),
        _back("z", "update_gate"),
        _back("r", "reset_gate"),
    ),
}

_BIASES = N_(
    "torch keeps two biases for each sum, b from the input side and b from the state side."
)
_DELTA = N_(
    "δv[] is ∂L/∂v. δ[out] comes from this step's own output: the read-out, or the layer above. "
    "What comes from step t+1 is 0 at the last step."
)
_DELTA_BACKWARDS = N_(
    "δv[] is ∂L/∂v. δ[out] comes from this step's own output: the read-out, or the layer above. "
    "What comes from step t−1 is 0 at the first step."
)
# sentences that stand one after the other, for each line below the equations
NOTES: dict[str, tuple[tuple[str, ...], ...]] = {
    "rnn": ((_BIASES, N_("Textbooks write one.")),),
    "rnn_relu": ((_BIASES, N_("Textbooks write one.")),),
    "lstm": ((_BIASES, N_("Textbooks write one: only their sum matters here.")),),
    "gru": (
        (
            N_(
                "torch resets after the matrix product, r · (W h + b); Cho et al. (2014) reset h "
                "before it. So b[hn] has a place of its own."
            ),
        ),
        (
            N_(
                "Here z keeps the old state, as in Cho et al.; Chung et al. (2014) swap z and "
                "1 − z."
            ),
        ),
    ),
}


def pieces(text: str, symbols: dict[str, str]) -> list[Piece]:
    """Cut a side of an equation into what is set in type.

    Parameters
    ----------
    text : str
        In the language of this file.
    symbols : dict
        Letter -> signal, for the colours.

    Returns
    -------
    list of dict
        ``{"text"}``, ``{"letter", "below", "hue"}`` or ``{"number", "op", "hue"}``.
    """
    found: list[Piece] = []
    end = 0
    state = symbols.get("c", "hidden_state")
    for match in TOKEN.finditer(text):
        if match.start() > end:
            found.append({"text": text[end : match.start()]})
        end = match.end()
        if match["number"]:
            signal = match["number"].removeprefix("gradient.").partition(".")[0]
            hue = {"one_minus": "update_gate", **dict.fromkeys(_OF_STATE, state)}
            found.append(
                {
                    "number": match["number"],
                    "op": match["op"] or "",
                    "hue": hue.get(signal, signal),
                }
            )
        else:
            letter = match["letter"].removeprefix("δ")
            owner = letter if letter in symbols else match["below"][-1:]
            found.append(
                {
                    "letter": match["letter"],
                    "below": match["below"],
                    "hue": symbols.get(owner, ""),
                }
            )
    if end < len(text):
        found.append({"text": text[end:]})
    return found


def typeset(
    cell: str, symbols: dict[str, str], *, gradient: bool, backwards: bool = False
) -> list[dict[str, Any]]:
    """Return a cell's equations in pieces; of a layer that reads from the end, with its steps.

    Each has ``left``, ``letters``, ``numbers`` (a list of right-hand sides, the last the result)
    and ``signal``, whose recorded value the result is, unless something set that value.
    """
    made = []
    for left, letters, *numbers in (GRADIENT if gradient else VALUES)[cell]:
        letters = t(letters) if letters == _SLOPE_OF_RELU else letters
        result = numbers[-1].strip("{}")
        made.append(
            {
                "left": pieces(turned(left) if backwards else left, symbols),
                "letters": pieces(turned(letters) if backwards else letters, symbols),
                "numbers": [pieces(side, symbols) for side in numbers],
                "signal": result.removesuffix(".computed"),
                "result": result,
            }
        )
    return made


def notes(cell: str, *, gradient: bool, backwards: bool = False) -> list[list[Piece]]:
    """Return what is said below a cell's equations, in pieces without colours."""
    said = ((_DELTA_BACKWARDS if backwards else _DELTA,),) if gradient else NOTES[cell]
    return [pieces(" ".join(map(t, sentences)), {}) for sentences in said]


def turned(text: str) -> str:
    """Return an equation for a layer that reads from the end: t−1 is t+1 there."""
    swapped = {"t−1": "t+1", "t+1": "t−1"}
    return re.sub("|".join(map(re.escape, swapped)), lambda found: swapped[found[0]], text)
