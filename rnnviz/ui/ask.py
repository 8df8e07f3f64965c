"""The controls of a look, drawn: each record of `rnnviz.views.controls` as Streamlit's own."""

from typing import Any

import streamlit as st

from rnnviz.ui.choices import listed, segment, whole
from rnnviz.views.controls import Asking, Control, Listed, Note, Segment


def ask(asking: Asking, prefix: str = "") -> dict[str, Any]:
    """Draw controls as they come; return the query that they make.

    Parameters
    ----------
    prefix : str
        Put before the names in the address, where another subject has controls of the same names.
    """
    answer: Any = None
    try:
        while True:
            answer = _draw(asking.send(answer), prefix)
    except StopIteration as done:
        query: dict[str, Any] = done.value
        return query


def _draw(control: Control, prefix: str) -> Any:
    if isinstance(control, Note):
        return st.markdown(control.text, width="content")
    name = prefix + control.name
    if isinstance(control, Segment):
        return segment(name, control.label, control.default, control.words)
    if isinstance(control, Listed):
        return listed(name, control.label, control.words, control.default, width=control.width)
    if not control.title:
        return whole(name, control.label, control.default, control.last,
                     least=control.least, width=control.width)  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.markdown(control.title, width="content")
        return whole(name, control.label, control.default, control.last,
                     least=control.least, width=control.width)  # fmt: skip
