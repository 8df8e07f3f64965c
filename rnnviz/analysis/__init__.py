"""Questions asked of a trace: one file a question, each gives a documented DataFrame."""

from rnnviz.analysis.anatomy import anatomy
from rnnviz.analysis.continuation import continuation, next_probabilities
from rnnviz.analysis.distributions import distributions
from rnnviz.analysis.gradients import gradient_norms
from rnnviz.analysis.matching import find_matches, share_on, units_on
from rnnviz.analysis.ordering import unit_order
from rnnviz.analysis.preactivations import preactivations
from rnnviz.analysis.properties import PROPERTIES, property_values
from rnnviz.analysis.ranking import rank_units
from rnnviz.analysis.saturation import saturation
from rnnviz.analysis.timescales import mode_time_constants, time_constants
from rnnviz.analysis.troubles import troubled_units
from rnnviz.analysis.weights import eigenvalues, weight_blocks, weight_histograms, weight_norms

__all__ = [
    "PROPERTIES",
    "anatomy",
    "continuation",
    "distributions",
    "eigenvalues",
    "find_matches",
    "gradient_norms",
    "mode_time_constants",
    "next_probabilities",
    "preactivations",
    "property_values",
    "rank_units",
    "saturation",
    "share_on",
    "time_constants",
    "troubled_units",
    "unit_order",
    "units_on",
    "weight_blocks",
    "weight_histograms",
    "weight_norms",
]
