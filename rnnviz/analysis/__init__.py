"""Questions asked of a trace: one file a question, each gives a documented DataFrame."""

from rnnviz.analysis.anatomy import anatomy
from rnnviz.analysis.gradients import gradient_norms

__all__ = ["anatomy", "gradient_norms"]
