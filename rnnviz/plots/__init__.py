"""Figures: one file a kind. Each takes a DataFrame and gives a `go.Figure`."""

from rnnviz.plots.distributions import distributions, distributions_through_time
from rnnviz.plots.gates import gates
from rnnviz.plots.gradients import gradients
from rnnviz.plots.history import norm_history, unit_history
from rnnviz.plots.loss import loss
from rnnviz.plots.multiples import multiples
from rnnviz.plots.ranking import ranking
from rnnviz.plots.saturation import saturation
from rnnviz.plots.timescales import timescales
from rnnviz.plots.tracks import tracks
from rnnviz.plots.unit_lines import unit_lines
from rnnviz.plots.weights import eigenvalues, weight_histograms, weights
from rnnviz.plots.whatif import whatif_gradient, whatif_output, whatif_states, whatif_units

__all__ = [
    "distributions",
    "distributions_through_time",
    "eigenvalues",
    "gates",
    "gradients",
    "loss",
    "multiples",
    "norm_history",
    "ranking",
    "saturation",
    "timescales",
    "tracks",
    "unit_history",
    "unit_lines",
    "weight_histograms",
    "weights",
    "whatif_gradient",
    "whatif_output",
    "whatif_states",
    "whatif_units",
]
