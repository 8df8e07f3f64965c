"""The figure component, and what every component of ours needs.

Their scripts live in `assets/` and are loaded by address, once; what Streamlit sends again at
every change is only the short loader below. Nothing a user typed goes into html, css or js.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from rnnviz.export.menu import looks, offered
from rnnviz.plan import Plan
from rnnviz.resources import asset
from rnnviz.server import live
from rnnviz.settings import Settings

LOADER = """
export default function (component) {
  let end = null, gone = false;
  const address = new URL(`${component.data.base}/assets/NAME.js`, location.origin);
  import(address.href).then((module) => {
    if (!gone) end = module.mount(component);
  });
  return () => { gone = true; end?.(); };
}
"""
FIGURE = """
<div class="rnnviz-figure" data-rnnviz role="figure">
  <div class="rnnviz-plot"></div>
  <div class="rnnviz-mark" hidden></div>
  <p class="rnnviz-says" hidden></p>
  <p class="rnnviz-note" role="status" hidden></p>
</div>
"""


def declare(
    name: str,
    html: str,
    *,
    script: str | None = None,
    styles: Sequence[str] = ("rnnviz.css", "menu.css"),
) -> Callable[..., Any]:
    """Register a component; once, at import.

    Parameters
    ----------
    script : str or None
        Which of `assets/*.js` mounts it; the one of its name unless given.
    styles : sequence of str
        Of `assets/`. They hold for the whole page, which has those of figures anyway.
    """
    return st.components.v2.component(
        f"rnnviz_{name}",
        html=html,
        css="".join(asset(file).read_text("utf-8") for file in styles),
        js=LOADER.replace("NAME", script or name),
        isolate_styles=False,
    )


_figure = declare("figure", FIGURE)
_lecture = declare("lecture", '<div class="rnnviz-lecture rnnviz-parts" data-rnnviz></div>')


def watched(run: str | None, draft: Settings | Plan) -> tuple[str, dict[str, str]]:
    """Return the address part that names what is looked at, and its query."""
    if run:
        return run, {}
    return "draft", {"plan" if isinstance(draft, Plan) else "settings": draft.to_json()}


def figure(
    view: str,
    run: str | None,
    settings: Settings | Plan,
    *,
    height: str,
    step: int | None = None,
    points: bool = False,
    pointed: bool = False,
    **choice: str | int,
) -> None:
    """Place the figure of a view.

    Parameters
    ----------
    view : str
        A key of `rnnviz.looks.VIEWS`.
    run : str or None
        The run; None shows the network that `settings` describe, before training. For a view of a
        study: the study, or None and its plan.
    height : str
        Any CSS height.
    step : int or None
        The training step to look at; None follows the run.
    points, pointed : bool
        Whether the row under the pointer is what the page's other pictures look at as ``t``; and
        whether this one does so.
    **choice
        Layer, signal, sample, ...: the view's query.
    """
    name, query = watched(run, settings)
    query |= {key: str(value) for key, value in choice.items()}
    data = {
        "base": live.prefix(),
        "view": view,
        "run": name,
        "query": query,
        "height": height,
        "step": step,
        "points": points,
        "pointed": pointed,
        "offered": offered(view, run),
    }
    _figure(key=f"figure_{view}", data=data)


def tall(share: float, taken: float, least: float) -> str:
    """Return a CSS height: what of the window is left for a figure.

    Parameters
    ----------
    share : float
        Per cent of the window's height.
    taken : float
        What bars, controls and gaps take of that, in rem; what of them a visitor hides is given
        back.
    least : float
        In units of 16 pixels.
    """
    hidden = "(var(--rnnviz-header, 0rem) + var(--rnnviz-transport, 0rem))"
    return f"max({16 * least:g}px, calc({share:g}vh - {taken:g}rem + {share / 100:g} * {hidden}))"


def lecture(run: str) -> None:
    """Place the list of figures from which a lecture bundle of a run is packed."""
    _lecture(key="lecture", data={"base": live.prefix(), "run": run, "looks": looks(of_page=True)})
