"""The fields of `Settings`, and where each of them applies."""

from rnnviz.fields.record import Fields, condition, limits
from rnnviz.fields.when import When, does, does_not, is_not, more_than, when

__all__ = [
    "Fields", "When", "condition", "does", "does_not", "is_not", "limits", "more_than", "when",
]  # fmt: skip
