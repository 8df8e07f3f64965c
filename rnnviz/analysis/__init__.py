"""Questions asked of a trace: one file a question, each gives a documented DataFrame."""

from rnnviz.analysis.anatomy import anatomy
from rnnviz.analysis.attention import attention
from rnnviz.analysis.clipping import clipping, truncation
from rnnviz.analysis.comparison import differences, kept_along_path
from rnnviz.analysis.connectivity import connectivity
from rnnviz.analysis.continuation import continuation, next_probabilities
from rnnviz.analysis.decay import decay
from rnnviz.analysis.distributions import distributions
from rnnviz.analysis.entering import Entering, entering
from rnnviz.analysis.gradients import gradient_norms, sample_norms
from rnnviz.analysis.initial_slopes import cell_slopes, initial_slopes
from rnnviz.analysis.itemized import itemized_gradients
from rnnviz.analysis.jacobians import (
    jacobian_bound,
    jacobians,
    lyapunov_exponents,
    product_norms,
    singular_values,
    spectral_radius,
)
from rnnviz.analysis.matching import find_matches, share_on, units_on
from rnnviz.analysis.mean_field import mean_field
from rnnviz.analysis.ordering import unit_order
from rnnviz.analysis.parameters import parameter_norms
from rnnviz.analysis.preactivations import preactivations
from rnnviz.analysis.predictions import examples, predictions
from rnnviz.analysis.properties import PROPERTIES, property_values
from rnnviz.analysis.ranking import rank_units
from rnnviz.analysis.ratios import ratios
from rnnviz.analysis.saturation import saturation
from rnnviz.analysis.seeds import mean_interval, over_seeds
from rnnviz.analysis.theory import predicted_norms
from rnnviz.analysis.timescales import mode_time_constants, time_constants
from rnnviz.analysis.translations import greedy, translations
from rnnviz.analysis.troubles import troubled_units
from rnnviz.analysis.ways import ways_back
from rnnviz.analysis.weights import (
    eigenvalues,
    weight_blocks,
    weight_histograms,
    weight_norms,
    weight_reach,
)

__all__ = [
    "Entering",
    "PROPERTIES",
    "anatomy",
    "attention",
    "cell_slopes",
    "clipping",
    "connectivity",
    "continuation",
    "decay",
    "differences",
    "distributions",
    "eigenvalues",
    "entering",
    "examples",
    "find_matches",
    "gradient_norms",
    "greedy",
    "initial_slopes",
    "itemized_gradients",
    "jacobian_bound",
    "jacobians",
    "lyapunov_exponents",
    "kept_along_path",
    "mean_field",
    "mean_interval",
    "mode_time_constants",
    "next_probabilities",
    "over_seeds",
    "parameter_norms",
    "preactivations",
    "predicted_norms",
    "predictions",
    "product_norms",
    "property_values",
    "rank_units",
    "sample_norms",
    "ratios",
    "saturation",
    "share_on",
    "singular_values",
    "spectral_radius",
    "time_constants",
    "translations",
    "troubled_units",
    "truncation",
    "unit_order",
    "units_on",
    "ways_back",
    "weight_blocks",
    "weight_histograms",
    "weight_norms",
    "weight_reach",
]
