"""A visitor's own data: read with care, checked, prepared, and known by what they are.

    bytes ──decoding──▶ text ──tables──▶ rows ──columns──▶ numbers, dates ──series──▶ DataSet

A `DataSet` is content: the first 32 hex digits of the SHA-256 of its bytes are its key, which is
what `Settings.data` holds. Nothing here is unpickled or executed, and what is read is bounded.
"""

from rnnviz.data.adding import add_data
from rnnviz.data.sets import DataSet

__all__ = ["DataSet", "add_data"]
