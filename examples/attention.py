"""Train a translator, see where its attention looks, and what it would have written instead."""

import rnnviz
from rnnviz import analysis
from rnnviz.tasks import task_of

settings = rnnviz.Settings(task="reversal", steps=250)
*_, last = rnnviz.train(settings)
task = task_of(settings)
print(f"{last.validation_metric:.0f} % of unseen sequences are reversed rightly")

probe = task.read("F A C E")
inputs, source = probe.batch.inputs, probe.labels[0][:4]
shares = analysis.attention(last.model, inputs)  # a row a symbol of the target
print(shares.set_axis(source, axis=1).round(2).to_string())
for row in analysis.translations(last.model, inputs, beam=3, steps=6).itertuples():
    print("".join(task.classes_of(row.classes)), f"ln p = {row.log_probability:.3f}")
figure = rnnviz.plots.attention(shares, source, probe.targets[0][4:])
