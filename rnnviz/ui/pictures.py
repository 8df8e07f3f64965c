"""The looks of a page as tabs, and the pictures of one beside each other, whatever they are of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.ui import anatomy, text
from rnnviz.ui.choices import segment
from rnnviz.ui.component import figure
from rnnviz.views.look import Look
from rnnviz.words import t


def tab(
    name: str, looks: Mapping[str, Look], default: str, label: str = "", *, alone: bool = False
) -> Look:
    """Draw the tabs of looks, by their keys, and return the one that is chosen.

    Parameters
    ----------
    name : str
        Under which parameter of the address the key stands.
    label : str
        What the tabs are, for screen readers.
    alone : bool
        Whether looks of several pages stand together here.
    """
    words = {key: t(look.alone or look.words if alone else look.words)
             for key, look in looks.items()}  # fmt: skip
    return looks[segment(name, label or t("What to look at"), default, words)]


def pictures(
    look: Look,
    name: str | None,
    settings: Settings | Plan,
    *,
    height: str,
    step: int | None = None,
    choice: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Place what a look shows, by the component that draws it.

    Parameters
    ----------
    name : str or None
        The run, trace or study; None shows what `settings` describe, before training.
    choice : mapping
        What its controls gave; with a key ``view``, that view alone.
    """
    asked = dict(choice)
    views = [asked.pop("view")] if "view" in asked else list(look.views)
    if look.drawn_by == "anatomy":
        mode = asked.pop("mode", "values")
        anatomy.drawing(name, settings, height=height, step=step, mode=mode, **asked)
        return
    if look.drawn_by == "text":
        text.reader(name, settings, step=step, brush="", **asked)
        return
    for view, column in zip(views, _columns(look, views), strict=True):
        with column:
            shown = look.views[view]
            figure(view, name, settings, height=height, step=step,
                   points=shown.points, pointed=shown.pointed, **asked)  # fmt: skip


def _columns(look: Look, views: list[str]) -> list[Any]:
    """Return a place for each view, as wide as its share; for one alone no column is made."""
    if len(views) == 1:
        return [st.container(gap="small")]
    return list(st.columns([look.views[view].width for view in views]))
