"""Which networks learn, by length and spectral radius? A row a run, and the map of it."""

import rnnviz

settings = rnnviz.Settings(cell="rnn", hidden=8, steps=50, lr=0.01, initialization="spectral")
table = rnnviz.sweep(
    settings,
    vary={"length": (5, 20), "spectral_radius": (0.5, 1.0)},
    cells=("rnn", "gru"),
    seeds=2,
    workers=0,
)
fields = table.groupby(["cell", "length", "spectral_radius"], sort=False).agg(
    successes=("success", "sum"), done=("done", "sum"), seeds=("seed", "count")
)
print(fields)

figure = rnnviz.plots.trainability(
    fields.reset_index().rename(columns={"length": "x", "spectral_radius": "y"}),
    x_title="length",
    y_title="spectral radius",
)
# figure.show(), or figure.write_html("map.html")
