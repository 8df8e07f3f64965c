"""Does the gradient fade or explode before any training? Random networks, theory, real cells."""

import numpy as np

import rnnviz
from rnnviz.analysis import cell_slopes, initial_slopes, mean_field

slopes = initial_slopes([0.5, 0.9, 1.5, 2.0, 3.0], units=128, networks=range(3))
theory = mean_field(np.linspace(1.0, 3.0, 50))
expected = mean_field([1.5, 2.0, 3.0]).set_index("gain")["largest"]
for gain, one in slopes.groupby("value"):
    known = f"theory {expected[gain]:.3f}" if gain > 1 else f"ln ρ {one['reference'].median():.3f}"
    print(f"g = {gain}: slope {one['slope'].median():.3f} a step back ({known})")
figure = rnnviz.plots.initial_slopes(slopes, theory, where="128 units, no input")

settings = rnnviz.Settings(cell="lstm", hidden=16, length=40)
biases = cell_slopes(settings, "forget_bias", [0.0, 1.0, 3.0], networks=range(2))
for bias, one in biases.groupby("value"):
    print(f"LSTM, forget bias {bias:g}: slope {one['slope'].median():.3f} a step back")
cells = rnnviz.plots.initial_slopes(biases, where="adding problem, 16 units")
# figure.show(), or cells.write_html("lstm.html")
