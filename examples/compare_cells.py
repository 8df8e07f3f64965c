"""Let four cells learn the same from two seeds each, and say how far their gradients reach."""

import rnnviz

settings = rnnviz.Settings(hidden=8, length=20, steps=60, lr=0.01)
found = rnnviz.compare(settings, seeds=2, workers=0)  # more: workers=None trains on all cores
print(found.summary[["cell", "loss", "loss_low", "loss_high", "successes", "seeds"]])

last = found.gradients[found.gradients["step"] == settings.steps]
norms = rnnviz.analysis.over_seeds(last, "norm", ["cell", "time"], logarithmic=True)
figure = rnnviz.plots.compare_gradients(norms, where="after 60 steps, 2 seeds")
# figure.show(), or figure.write_html("compare.html")
