"""Every word of every figure is a message of the catalogue: where those say nothing, none is left.

The messages are blanked, but not their places; so a word that was put into a place as it is, and
not said by the catalogue, is found as well as one that stands outside.
"""

import re

import numpy as np
import pandas as pd
import pytest

from rnnviz import plots
from rnnviz.plots.style import GATES, NAME, SYMBOL
from rnnviz.words import catalogue, speaking

SYMBOLS = {"AUC", "GRU", "LSTM", "NaN", "RNN", "Spearman", "ln"}
"""Words that are no language's: names and mathematics. So is every letter that stands alone."""
TIME = np.arange(3)
A_TABLE = pd.DataFrame([[0.1, -2.5], [0.3, 0.9], [-0.2, 0.4]], index=pd.RangeIndex(3, name="time"))
WIDE = pd.DataFrame(np.zeros((1001, 257)))
LABELS = ["a", "b", "c"]
CURVE = pd.DataFrame({"step": [1, 2, 3], "loss": [1.0, 0.5, 0.2], "metric": 50.0,
                      "validation_loss": [1.0, 0.6, 0.3], "validation_metric": 50.0})  # fmt: skip
SHARES = pd.DataFrame({"left": [0.0, 0.5], "right": [0.5, 1.0], "share": [0.25, 0.75]})
TROUBLED = pd.DataFrame(
    [(trouble, signal, unit) for unit in range(14) for trouble, signal in
     (("nan", "cell_state"), ("dead", "hidden_state"), ("shut", "forget_gate"))]
    + [("open", "input_gate", 1)], columns=["trouble", "signal", "unit"],
)  # fmt: skip
RUNS = [{"run": run, "time": step, "signal": signal, "norm": 0.1, "answer": 0.5, "right": right}
        for right, run in enumerate(("unchanged", "changed")) for step in TIME
        for signal in ("cell_state", "hidden_state")]  # fmt: skip
BOTH_RUNS = pd.DataFrame(RUNS)
FIELDS = pd.DataFrame(
    [("rnn", x, y, 1, 2, 3) for x in (10, 20) for y in (0.5, 1.0)] + [("gru", 10, 0.5, 0, 0, 3)],
    columns=["cell", "x", "y", "successes", "done", "seeds"],
)  # fmt: skip


def of_signals(frame, *signals, column="signal"):
    return pd.concat([frame.assign(**{column: name}) for name in signals], ignore_index=True)


def norms(*signals):
    one = pd.DataFrame({"time": TIME, "norm": [0.0, 0.0, 1.0], "low": 0.1, "high": 1.0})
    return of_signals(one, *signals)


def seeds(measure="loss"):
    one = pd.DataFrame({"measure": measure, "time": TIME, "step": TIME + 1, "mean": 0.0,
                        "low": 0.1, "high": 1.0})  # fmt: skip
    return of_signals(one, "rnn", "lstm", column="cell")


def samples(answered=True, asked=1, **columns):
    one = pd.DataFrame({"time": TIME, "goes_in": LABELS, "asked": TIME >= 3 - asked,
                        "target": [""] * (3 - asked) + ["x"] * asked, "caption": "a",
                        **columns})  # fmt: skip
    if answered:
        one = one.assign(answer="y", right=False, probability=0.5, target_probability=0.1)
    return pd.concat([one.assign(sample=place) for place in range(2)])


def slopes(*cells):
    one = pd.DataFrame({"over": "gain", "value": [0.5, 1.0], "slope": [-0.5, 0.1],
                        "reference": [-0.6, 0.0]})  # fmt: skip
    return of_signals(one, *cells, column="cell")


def ranked(measure):
    return pd.DataFrame({"unit": [1, 0], "score": [0.9, 0.8], "signed": [0.9, 0.2],
                         "direction": [1, -1], "measure": measure, "steps": 40,
                         "holds": 5.0 if measure == "AUC" else np.nan, "chance": 0.6})  # fmt: skip


def items(losses, through):
    rows = [(k, step, 0.5, through, 0.5) for k in losses for step in range(k + 1)]
    return pd.DataFrame(rows, columns=["loss_step", "time", "norm", "through_cell", "rest"])


def constants():
    steps = np.array([2.0, 30.0])
    return pd.DataFrame({"unit": [0, 1], "gate": 0.5, "steps": steps, "low": steps, "high": steps})


def windows():
    return pd.DataFrame({"window": [1] * 3 + [2] * 3, "time": [0, 1, 2] * 2, "total": 1.0,
                         "lost": 0.5, "weights_lost": 0.4})  # fmt: skip


def parameters():
    return pd.DataFrame({"step": [0, 5], "parameter": "rnn.weight_hh_l0", "gate": "forget_gate",
                         "gradient": [1.0, 0.1], "update": 0.1})  # fmt: skip


SINGULAR = pd.DataFrame({"time": [1, 1, 2, 2], "rank": [0, 1, 0, 1], "value": [2, 0.1, 1, 0.2]})
RADIUS = pd.DataFrame({"time": [1, 2], "radius": [1.5, 0.9]})
PRODUCTS = pd.DataFrame({"time": TIME, "lag": [2, 1, 0], "log_norm": [0.7, 0.3, 0.0]})
BLOCKS = {(gate, source): A_TABLE for gate in ("input_gate", "forget_gate")
          for source in ("input", "recurrent")}  # fmt: skip
LINES = pd.DataFrame({"name": ["a"], "symbols": [["x"]], "shares": [[0.9]], "right": [["y"]],
                      "note": [""]})  # fmt: skip
WAYS = pd.DataFrame([(part, step, way, 0.1) for part, step in (("encoder", 0), ("decoder", 1))
                     for way in ("total", "attention", "state")],
                    columns=["part", "time", "way", "norm"])  # fmt: skip
APART = of_signals(pd.DataFrame({"time": TIME, "difference": 0.1}), "input_gate", "cell_state")
SIZES = pd.DataFrame([(step, "forget_gate", source, 1.0) for step in (0, 5)
                      for source in ("input", "recurrent")],
                     columns=["step", "gate", "source", "norm"])  # fmt: skip
VALUES = pd.DataFrame({"gate": "forget_gate", "real": [-1.5], "imaginary": [0], "modulus": [1.5]})
FITS = pd.DataFrame({"signal": ["h"], "slope": [-0.7], "level": [0.0], "first": [0], "last": [2]})
SCALES = pd.DataFrame({"cell": "rnn", "y": [0.5], "scale": [20.0], "kind": "ξ"})
FORETOLD = pd.DataFrame([[0.1, 0.2], [0.2, 0.3]], index=[0, 1], columns=[1, 2])
STEPS = {"steps": 10}
BASELINE = {"baseline": 1.0, "baseline_text": "p", "metric_title": "q", "metric_unit": "%"}


def curves(**more):
    return plots.predictions(samples(**more, x0=0.5, y0=0.2, y1=0.1, p0=0.3, p1=0.2),
                             kind="curves")  # fmt: skip


DRAWN = {
    "attention": lambda: plots.attention(A_TABLE, ["a", "b"], LABELS, ["a"]),
    "clipping": lambda: plots.clipping(clips(), limit=1.0, **STEPS),
    "clipping by value": lambda: plots.clipping(clips(), limit=1.0, by="value", **STEPS),
    "no clipping": lambda: plots.clipping(clips(), limit=0, **STEPS),
    "truncation": lambda: plots.truncation(windows(), 1),
    "truncation, 2": lambda: plots.truncation(windows(), 2),
    "compare_gradients": lambda: plots.compare_gradients(seeds()),
    "compare_gradients, relative": lambda: plots.compare_gradients(seeds(), relative=True),
    "compare_learning": lambda: plots.compare_learning(
        pd.concat([seeds(), seeds("metric")]), **STEPS, **BASELINE
    ),
    "compare_gates": lambda: plots.compare_gates(
        {"lstm": ("forget_gate", A_TABLE), "rnn": ("hidden_state", A_TABLE)}
    ),
    "connectivity": lambda: plots.connectivity(A_TABLE.abs(), labels=LABELS),
    "dependence": lambda: plots.dependence(A_TABLE.abs(), 1, labels=LABELS),
    "distributions": lambda: plots.distributions(of_signals(SHARES, *GATES)),
    "distributions, before": lambda: plots.distributions(
        of_signals(SHARES, "candidate"), before=True
    ),
    "distributions_through_time": lambda: plots.distributions_through_time(
        pd.concat([of_signals(SHARES, *NAME).assign(time=step) for step in range(2)])
    ),
    "eigenvalues": lambda: plots.eigenvalues(VALUES),
    "no eigenvalues": lambda: plots.eigenvalues(VALUES[:0]),
    "gates": lambda: plots.gates(A_TABLE, "forget_gate", labels=LABELS),
    "gates, thinned": lambda: plots.gates(WIDE, "cell_state"),
    "gradients": lambda: plots.gradients(
        norms("input_gate", "hidden_state"), fits=FITS, labels=LABELS,
        predicted=norms("cell_state").assign(kind="path"),
    ),
    "gradients of a unit": lambda: plots.gradients(
        norms("hidden_state")[1:], predicted=norms("hidden_state").assign(kind="bound"), one_unit=1
    ),
    "gradient_units": lambda: plots.gradient_units(A_TABLE, "hidden_state"),
    "surface": lambda: plots.surface(A_TABLE.abs(), marked=1),
    "initial_slopes": lambda: plots.initial_slopes(
        slopes("rnn", "lstm"), pd.DataFrame({"gain": [0.5, 1.0], "largest": [-0.5, 0.0]})
    ),
    "itemized_matrix": lambda: plots.itemized_matrix(items([1, 2], np.nan)),
    "itemized_bars": lambda: plots.itemized_bars(items([1, 2], np.nan)),
    "itemized_bars, split": lambda: plots.itemized_bars(items([2], 0.5)),
    "jacobians": lambda: plots.jacobians(SINGULAR, RADIUS, bound=2.5),
    "jacobians, no bound": lambda: plots.jacobians(SINGULAR),
    "stretching": lambda: plots.stretching(
        SINGULAR, PRODUCTS, PRODUCTS.assign(norm=0.5), bound=2.5
    ),
    "loss": lambda: plots.loss(
        CURVE, **STEPS, **BASELINE, metric_baseline=2.0, best=0.1, restored=2
    ),
    "run_losses": lambda: plots.run_losses([("a", "lstm", CURVE)], joints={0: 2}),
    "multiples": lambda: plots.multiples(dict.fromkeys(SYMBOL, A_TABLE)),
    "multiples of one, thinned": lambda: plots.multiples({"forget_gate": WIDE}, before=True),
    "multiples, before": lambda: plots.multiples(
        {"forget_gate": A_TABLE, "candidate": A_TABLE}, before=True
    ),
    "unit_history": lambda: plots.unit_history(A_TABLE, "forget_gate", **STEPS),
    "norm_history": lambda: plots.norm_history(SIZES, **STEPS),
    "parameters": lambda: plots.parameters(parameters(), "gradient", **STEPS),
    "parameters, update": lambda: plots.parameters(parameters(), "update", **STEPS),
    "predictions": lambda: plots.predictions(samples(asked=2)),
    "predictions, one": lambda: plots.predictions(samples(asked=1), wide=20),
    "examples": lambda: plots.predictions(samples(False, asked=2)),
    "predictions, curves": lambda: curves(asked=2),
    "predictions, curve": lambda: curves(asked=1),
    "examples, curve": lambda: curves(answered=False, asked=1),
    "predictions, marked": lambda: plots.predictions(
        samples(x0=0.5, x1=[0, 1, 0]), kind="curves", mark=1
    ),
    "predictions, pictures": lambda: plots.predictions(samples(x0=0.5), kind="picture"),
    "ranking": lambda: plots.ranking(ranked("AUC"), "p"),
    "ranking, rank": lambda: plots.ranking(ranked("Spearman"), "p"),
    "saturation": lambda: plots.saturation(
        of_signals(SHARES, "input_gate", "candidate").assign(unit=0), TROUBLED
    ),
    "no saturation": lambda: plots.saturation(
        of_signals(SHARES, "forget_gate").assign(unit=0), TROUBLED[:0]
    ),
    "timescales": lambda: plots.timescales(constants(), needed=[(20.0, "p")]),
    "timescales, modes": lambda: plots.timescales(
        constants(), symbol="λ", signal="hidden_state", needed=[(20.0, "p")]
    ),
    "tracks": lambda: plots.tracks(A_TABLE, A_TABLE, "forget_gate"),
    "trainability": lambda: plots.trainability(FIELDS, x_title="p", y_title="q", scales=SCALES),
    "translations": lambda: plots.translations(LINES),
    "unit_lines": lambda: plots.unit_lines(
        pd.DataFrame(dict.fromkeys(set(SYMBOL) - {"input"}, A_TABLE[0])), 1, labels=LABELS
    ),
    "ways": lambda: plots.ways(WAYS, step=1),
    "weights": lambda: plots.weights(BLOCKS, 0.5),
    "weight_histograms": lambda: plots.weight_histograms(
        pd.concat([of_signals(SHARES, *GATES, column="gate").assign(source=source)
                   for source in ("input", "recurrent")])
    ),
    "whatif_gradient": lambda: plots.whatif_gradient(BOTH_RUNS),
    "whatif_states": lambda: plots.whatif_states(APART),
    "whatif_units": lambda: plots.whatif_units(A_TABLE, "cell_state"),
    "whatif_units, thinned": lambda: plots.whatif_units(pd.DataFrame(np.zeros((2, 600))), "input"),
    "whatif_output": lambda: plots.whatif_output(BOTH_RUNS, quantity="number"),
    "whatif_output, sure": lambda: plots.whatif_output(BOTH_RUNS, quantity="probability"),
    "data_split": lambda: plots.data_split(pd.DataFrame({"p": range(9)}), (5, 7), title="q"),
    "data_counts": lambda: plots.data_counts(
        pd.DataFrame({"training": 3, "held_out": 1}, index=[str(n) for n in range(30)]), heading="h"
    ),
    "forecast": lambda: plots.forecast(
        pd.Series([0.1, 0.2, 0.3]), FORETOLD[[1]], read=2
    ),
    "forecast, several": lambda: plots.forecast(
        pd.Series([0.1, 0.2, 0.3]), FORETOLD, at=0, read=2
    ),
}  # fmt: skip


def clips():
    return pd.DataFrame({"step": [1, 2], "norm": [0.5, 4.0], "share": [0.0, 0.5]})


def seen(figure):
    """Yield every text of a figure, with where it stands; the names of legends that are shown."""
    layout = figure["layout"]
    yield "title", layout["title"]["text"]
    yield "alt", layout["meta"]["alt"]
    for name, axis in layout.items():
        if re.fullmatch(r"[xy]axis\d*", name):
            yield name, axis.get("title", {}).get("text")
            yield from ((name, text) for text in axis.get("ticktext", ()))
    yield from (("annotation", note["text"]) for note in layout.get("annotations", ()))
    for trace in figure["data"]:
        if trace.get("showlegend", True) and layout.get("showlegend", True):
            yield "legend", trace.get("name") if trace["type"] != "heatmap" else ""
        bar = trace.get("colorbar", {})
        yield "colour bar", bar.get("title", {}).get("text")
        yield from (("colour bar", text) for text in bar.get("ticktext", ()))
        yield "hover", trace.get("hovertemplate")
        for name in ("text", "hovertext", "customdata"):
            for text in np.ravel(np.asarray(trace.get(name, []), object)):
                yield name, text if isinstance(text, str) else ""


def blanked(message):
    """Return a message without its words: its places, Plotly's and its marks stay."""
    kept = re.split(r"(%?\{+[^{}]*\}+|</?(?:b|br|i|sub|sup)>)", message)
    return "".join(part if place % 2 else "·" for place, part in enumerate(kept))


def words(text):
    """Return what is left to read of a text: no places, marks, subscripts, names in code."""
    text = re.sub(r"<su([bp])>.*?</su\1>|<[^>]*>|%\{[^}]*\}|\w+[._]\w+|Δ", " ", text)
    found = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text)
    return [word for word in found if len(word) > 1 and word not in SYMBOLS]


@pytest.fixture
def saying_nothing(monkeypatch):
    """Speak the pseudo-language, with messages that are blank."""
    monkeypatch.setattr(catalogue, "marked", blanked)
    with speaking(catalogue.PSEUDO):
        yield


@pytest.mark.parametrize("drawn", DRAWN)
def test_every_word_is_a_message(drawn, saying_nothing):
    figure = DRAWN[drawn]().to_plotly_json()
    assert [(where, text) for where, text in seen(figure) if text and words(text)] == []


def test_every_figure_is_looked_at():
    assert {name.split(",")[0] for name in DRAWN} >= set(plots.__all__)


def test_a_word_that_is_no_message_is_found(saying_nothing):
    figure = plots.gates(A_TABLE, "forget_gate", labels=["a", "word", "c"], where="here")
    found = {where for where, text in seen(figure.to_plotly_json()) if text and words(text)}
    assert found == {"title", "alt", "xaxis"}
