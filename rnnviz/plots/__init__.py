"""Figures: one file a kind. Each takes a DataFrame and gives a `go.Figure`."""

from rnnviz.plots.attention import attention
from rnnviz.plots.clipping import clipping, truncation
from rnnviz.plots.comparison import compare_gradients, compare_learning
from rnnviz.plots.connectivity import connectivity, dependence
from rnnviz.plots.distributions import distributions, distributions_through_time
from rnnviz.plots.eigenvalues import eigenvalues
from rnnviz.plots.forecast import forecast
from rnnviz.plots.gates import gates
from rnnviz.plots.gradients import gradients
from rnnviz.plots.history import norm_history, unit_history
from rnnviz.plots.initial_slopes import initial_slopes
from rnnviz.plots.itemized import itemized_bars, itemized_matrix
from rnnviz.plots.jacobians import jacobians, stretching
from rnnviz.plots.loss import loss
from rnnviz.plots.multiples import multiples
from rnnviz.plots.own_data import data_counts, data_split
from rnnviz.plots.parameters import parameters
from rnnviz.plots.predictions import predictions
from rnnviz.plots.ranking import ranking
from rnnviz.plots.run_losses import run_losses
from rnnviz.plots.saturation import saturation
from rnnviz.plots.side_by_side import compare_gates
from rnnviz.plots.surface import gradient_units, surface
from rnnviz.plots.timescales import timescales
from rnnviz.plots.tracks import tracks
from rnnviz.plots.trainability import trainability
from rnnviz.plots.translations import translations
from rnnviz.plots.unit_lines import unit_lines
from rnnviz.plots.ways import ways
from rnnviz.plots.weights import weight_histograms, weights
from rnnviz.plots.whatif import whatif_gradient, whatif_output, whatif_states, whatif_units

__all__ = [
    "attention",
    "clipping",
    "compare_gates",
    "compare_gradients",
    "compare_learning",
    "connectivity",
    "data_counts",
    "data_split",
    "dependence",
    "distributions",
    "distributions_through_time",
    "eigenvalues",
    "forecast",
    "gates",
    "gradient_units",
    "gradients",
    "initial_slopes",
    "itemized_bars",
    "itemized_matrix",
    "jacobians",
    "loss",
    "multiples",
    "norm_history",
    "parameters",
    "predictions",
    "ranking",
    "run_losses",
    "saturation",
    "stretching",
    "surface",
    "timescales",
    "tracks",
    "trainability",
    "translations",
    "truncation",
    "unit_history",
    "unit_lines",
    "ways",
    "weight_histograms",
    "weights",
    "whatif_gradient",
    "whatif_output",
    "whatif_states",
    "whatif_units",
]
