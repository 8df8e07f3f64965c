"""Questions asked of a trace: one file a question, each gives a documented DataFrame."""

from rnnviz.analysis.gradients import gradient_norms

__all__ = ["gradient_norms"]
