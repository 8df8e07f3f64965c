"""Three grammars: counting, nesting, and a symbol to be kept over a string of another grammar."""

from itertools import product
from typing import Any

import numpy as np

from rnnviz.tasks.grammar import Arc, Automaton, GrammarTask, among
from rnnviz.words import N_

MOST = 10
"""Largest n of aⁿbⁿ."""
DEEPEST = 5
OPENING, CLOSING = "([{", ")]}"
CLOSES = 0.5
"""Probability that an open bracket is closed next."""

Rules = dict[Any, list[Arc]]


def _counting() -> Rules:
    """Return the rules of aⁿbⁿ, n uniform from 1 to `MOST`: a state is (a's read, b's to come)."""
    rules: Rules = {(0, 0): [("a", 1.0, (1, 0))]}
    for n in range(1, MOST + 1):
        stop = 1 / (MOST - n + 1)  # of the n that are still possible, each is equally likely
        after = (0, n - 1) if n > 1 else (0, 0)
        rules[n, 0] = [("b", stop, after)] + [("a", 1 - stop, (n + 1, 0))] * (n < MOST)
    for left in range(1, MOST):
        rules[0, left] = [("b", 1.0, (0, left - 1))]
    return rules


def _nesting() -> Rules:
    """Return the rules of nested brackets: a state is the brackets that are open."""
    rules: Rules = {}
    for depth in range(DEEPEST + 1):
        for opened in product(OPENING, repeat=depth):
            stack = "".join(opened)
            closes = 0.0 if depth == 0 else 1.0 if depth == DEEPEST else CLOSES
            arcs: list[Arc] = []
            if stack:
                arcs.append((CLOSING[OPENING.index(stack[-1])], closes, stack[:-1]))
            if closes < 1:
                arcs += [(each, (1 - closes) / len(OPENING), stack + each) for each in OPENING]
            rules[stack] = arcs
    return rules


REBER: dict[int, list[tuple[str, int | None]]] = {
    0: [("B", 1)],
    1: [("T", 2), ("P", 3)],
    2: [("S", 2), ("X", 4)],
    3: [("T", 3), ("V", 5)],
    4: [("X", 3), ("S", 6)],
    5: [("P", 4), ("V", 6)],
    6: [("E", None)],
}
"""The grammar of Reber 1967: state -> symbol and next state, each with the same probability."""


def _embedded() -> Rules:
    """Return the rules of the embedded grammar: B, T or P, a Reber string, the same T or P, E."""
    rules: Rules = {"start": [("B", 1.0, "which")], "which": []}
    for kept in "TP":
        rules["which"].append((kept, 0.5, (kept, 0)))
        for state, arcs in REBER.items():
            rules[kept, state] = [
                (symbol, 1 / len(arcs), (kept, "same" if following is None else following))
                for symbol, following in arcs
            ]
        rules[kept, "same"] = [(kept, 1.0, "end")]
    rules["end"] = [("E", 1.0, "start")]
    return rules


class Counting(GrammarTask):
    """Predict a stream of strings aⁿbⁿ (Gers, Schmidhuber 2001, section III).

    n is uniform from 1 to 10. While the b come, what follows is certain for one who has counted:
    as many b as there were a, then an a.
    """

    key = "anbn"
    title = N_("counting: aⁿbⁿ")
    summary = N_("Some a, then as many b, again and again: predict what comes next.")
    metric_title = N_("right where counting tells")
    symbols = "ab"
    classes = "ab"
    options = "ab"
    typed_form = N_("type a's and as many b's, as often as you like")
    typed_example = "aaabbbaabb"
    defaults = {"length": 60, "lr": 0.005, "steps": 1500}
    automaton = Automaton("ab", _counting())
    told = among(_counting(), {state for state, arcs in _counting().items() if len(arcs) == 1})


class Brackets(GrammarTask):
    """Predict a stream of nested brackets of three kinds, the Dyck language of order 3.

    At most five are open at once (the bounded Dyck-(k, m) of Hewitt and others 2020, section 2);
    an open one is closed with probability 1/2. To know which kind is closed, all that are open have
    to be kept, in order: a stack.
    """

    key = "brackets"
    title = N_("nested brackets")
    summary = N_("Brackets of three kinds, nested: predict the next, so which kind is closed.")
    metric_title = N_("closing brackets of the right kind")
    symbols = OPENING + CLOSING
    classes = OPENING + CLOSING
    options = CLOSING
    typed_form = N_("type brackets ( [ { and ) ] }")
    typed_example = "([]{})[({})]"
    defaults = {"length": 50, "lr": 0.01, "hidden": 48, "steps": 3000}
    automaton = Automaton(OPENING + CLOSING, _nesting())
    told = np.ones(len(_nesting()), bool)


class Reber(GrammarTask):
    """Predict a stream of strings of the embedded Reber grammar.

    B, then T or P, then a string of the Reber grammar (Reber 1967), then the same T or P, then E
    (Cleeremans, Servan-Schreiber, McClelland 1989; Hochreiter, Schmidhuber 1997, experiment 1; as
    a stream: Gers, Schmidhuber, Cummins 2000). All choices have probability 1/2.
    """

    key = "reber"
    title = N_("embedded Reber grammar")
    summary = N_("A second T or P that is the first one again, after a string of another grammar.")
    metric_title = N_("second T or P right")
    symbols = "BTPSXVE"
    classes = "BTPSXVE"
    options = "TP"
    typed_form = N_("type letters from B T P S X V E")
    typed_example = "BTBTXSETEBPBPVVEPE"
    defaults = {"length": 60, "lr": 0.005, "steps": 1500}
    automaton = Automaton("BTPSXVE", _embedded())
    told = among(_embedded(), {("T", "same"), ("P", "same")})
