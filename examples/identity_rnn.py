"""The comparison of Le, Jaitly, Hinton 2015 (section 4.1) in one call, small: the adding problem.

A ReLU network that starts as the identity (IRNN) wants another learning rate than an LSTM, whose
forget bias it has not: `own` gives each cell its settings. The paper has lengths of 150 to 400, 100
units and far more steps.
"""

import rnnviz

settings = rnnviz.Settings(task="adding", length=20, hidden=16, steps=100, clip=1.0)
found = rnnviz.compare(
    settings,
    cells=("rnn_relu", "lstm", "rnn"),
    seeds=1,
    own={
        "rnn_relu": {"initialization": "identity", "lr": 0.003},
        "lstm": {"forget_bias": 4.0, "lr": 0.01},
        "rnn": {"lr": 0.001},
    },
    workers=0,  # more: workers=None trains on all cores
)
print(found.summary[["cell", "lr", "loss", "baseline"]])

looked = found.metrics.dropna(subset="validation_loss").rename(columns={"loss": "training"})
looked = looked.rename(columns={"validation_loss": "loss"})
curves = rnnviz.analysis.over_seeds(looked, "loss", ["cell", "step"]).assign(measure="loss")
baseline = rnnviz.TASKS["adding"](settings.length).baseline
figure = rnnviz.plots.compare_learning(
    curves, steps=settings.steps, baseline=baseline.loss, cells=found.plan.cells
)
# figure.show(), or figure.write_html("identity_rnn.html")
