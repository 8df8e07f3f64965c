"""Figures: one file a kind. Each takes a DataFrame and gives a `go.Figure`."""

from rnnviz.plots.gates import gates
from rnnviz.plots.gradients import gradients
from rnnviz.plots.loss import loss

__all__ = ["gates", "gradients", "loss"]
