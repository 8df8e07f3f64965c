"""Draw the learning curves of two cells over seeds, with what knowing nothing scores."""

import pandas as pd

import rnnviz

settings = rnnviz.Settings(hidden=8, length=10, steps=150, lr=0.01)
found = rnnviz.compare(settings, cells=("rnn", "lstm"), seeds=2, workers=0)
baseline = rnnviz.TASKS["adding"](settings.length).baseline
rows = found.metrics.rename(columns={"loss": "training", "metric": "right"})
rows = rows.rename(columns={"validation_loss": "loss", "validation_metric": "metric"})
curves = pd.concat(
    rnnviz.analysis.over_seeds(rows, name, ["cell", "step"]).assign(measure=name)
    for name in ("loss", "metric")
)
print(curves.groupby(["measure", "cell"])["mean"].last())
figure = rnnviz.plots.compare_learning(
    curves,
    steps=settings.steps,
    baseline=baseline.loss,
    baseline_text=baseline.text,
    cells=("rnn", "lstm"),
    metric_unit="%",
)
