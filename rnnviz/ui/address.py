"""The address is the state: every choice that matters is a query parameter, by its key.

Streamlit's own binding writes the words of an option into the address; a link has to hold keys,
which stay when the words are bettered or translated.
"""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnviz.words import ask_for, known

T = TypeVar("T")

PAGE = "page"
"""The page that the visitor saw last, in the session's state."""
CARRIED = "carried"
"""The names of all controls so far, in the session's state."""


def reader() -> str:
    """Return the language of the visitor whose page this thread runs; "" in any other thread."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    return known(st.query_params.get("lang") or st.session_state.get("lang", ""))


ask_for(reader)


def speak() -> None:
    """Keep the language that the address says, for all pages."""
    said = reader()
    st.session_state["lang"] = said
    note("lang", said, "en")


def run_page(page: Any) -> None:
    """Run a page so that every control has the value that it had on the page before.

    Streamlit knows a control's value by the page that it was drawn on, and would begin with the
    default on the next one. To be called before any control is drawn.
    """
    if st.session_state.get(PAGE) != page.url_path:
        for name in st.session_state.get(CARRIED, ()):
            if name in st.session_state:
                st.session_state[name] = st.session_state[name]
    page.run()
    st.session_state[PAGE] = page.url_path  # not if the run was broken off: what is left is to do


def seed(name: str, default: T, read: Callable[[str], T]) -> None:
    """Give a control its first value: from the address, or else the default.

    Parameters
    ----------
    name : str
        The control's key and the parameter's name.
    read : callable
        Makes a value of the parameter's text; a ValueError means the default.
    """
    st.session_state.setdefault(CARRIED, set()).add(name)
    if name in st.session_state:
        return
    value = default
    if name in st.query_params:
        try:
            value = read(st.query_params[name])
        except ValueError:
            pass  # a link that somebody mistyped still opens
    st.session_state[name] = value


def note(name: str, value: object, default: object) -> None:
    """Write a control's value into the address; the default is left out to keep it short."""
    text = "" if value is None else str(value)
    if value == default:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != text:
        st.query_params[name] = text


def one_of(options: Collection[T]) -> Callable[[str], T]:
    """Return a reader that takes one of some options by its text."""

    def read(text: str) -> T:
        found = {str(option): option for option in options}
        if text not in found:
            raise ValueError(text)
        return found[text]

    return read


def within(kind: type, low: float, high: float, empty: bool = False) -> Callable[[str], object]:
    """Return a reader of a number in a range; `empty` allows none at all."""

    def read(text: str) -> object:
        if empty and not text:
            return None
        value = kind(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read
