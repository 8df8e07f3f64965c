"""The Anatomy component: a drawn cell, its equations and a time bar; and its controls."""

import hashlib

import streamlit as st

from rnnviz import live
from rnnviz.resources import asset
from rnnviz.settings import Settings
from rnnviz.ui import choices
from rnnviz.ui.component import LOADER

SCRIPTS = ("anatomy.js", "menu.js", "equations.js", "numbers.js", "timebar.js", "socket.js")
KEYS = {
    # what it does: its words, its icon
    "first": ("First time step", "M3 3h2v10H3zM13 3v10L6 8z"),
    "back": ("One step back", "M11 3v10L4 8z"),
    "play": ("Play", "M4 2.5v11L13 8z"),
    "next": ("One step on", "M5 3v10l7-5z"),
    "last": ("Last time step", "M3 3v10l7-5zM11 3h2v10h-2z"),
}
KEY = """<button type="button" data-do="{0}" aria-label="{1}">
  <svg viewBox="0 0 16 16" aria-hidden="true"><path d="{2}"/></svg></button>"""
ANATOMY = """
<div class="rnnviz-anatomy" data-rnnviz>
  <div class="rnnviz-stage">
    <div class="rnnviz-head">
      <span class="rnnviz-title">Inside a cell</span>
      <span class="rnnviz-where"></span>
    </div>
    <div class="rnnviz-drawing"></div>
    <div class="rnnviz-side-panel" role="region" aria-label="Equations" tabindex="0">
      <p class="rnnviz-single"></p>
      <div class="rnnviz-equations"></div>
    </div>
    <div class="rnnviz-time" role="group" aria-label="Time">
      <div class="rnnviz-keys">
KEYS
        <span class="rnnviz-readout"></span>
        <label>steps a second
          <select><option>1</option><option selected>3</option><option>10</option
            ><option>30</option></select>
        </label>
      </div>
      <div class="rnnviz-strip">
        <canvas aria-hidden="true"></canvas>
        <div class="rnnviz-now"></div>
        <input type="range" min="0" max="0" value="0" step="1" aria-label="Time step">
      </div>
      <span class="rnnviz-said" role="status"></span>
    </div>
  </div>
  <p class="rnnviz-note" role="status" hidden></p>
</div>
"""

_version = hashlib.sha256(b"".join(asset(name).read_bytes() for name in SCRIPTS)).hexdigest()
_anatomy = st.components.v2.component(
    "rnnviz_anatomy",
    html=ANATOMY.replace("KEYS", "".join(KEY.format(name, *drawn) for name, drawn in KEYS.items())),
    css="".join(asset(file).read_text("utf-8") for file in ("anatomy.css", "menu.css")),
    js=LOADER.replace("NAME", "anatomy").replace("VERSION", _version[:12]),
    isolate_styles=False,
)


def drawing(
    run: str | None,
    settings: Settings,
    *,
    height: str,
    step: int | None,
    mode: str,
    **choice: str | int,
) -> None:
    """Place the drawn cell.

    Parameters
    ----------
    run : str or None
        The run; None shows the network that `settings` describe, before training.
    height : str
        Any CSS height.
    step : int or None
        The training step to look at; None follows the run.
    mode : str
        "values" or "gradient"; the drawing has both, so this asks the server for nothing.
    **choice
        Layer, sample, unit, ...: the view's query.
    """
    query = {} if run else {"settings": settings.to_json()}
    data = {
        "base": live.prefix(),
        "run": run or "draft",
        "query": query | {key: str(value) for key, value in choice.items()},
        "height": height,
        "step": step,
        "mode": mode,
    }
    _anatomy(key="anatomy", data=data)


def unit_choice(settings: Settings) -> dict[str, str | int]:
    """Draw what to look at: layer, sample, and one unit or the mean over all."""
    layer, sample, number = choices.layer(settings), choices.sample(), choices.unit(settings)
    of = choices.segment("of", "Which units", "unit", {"unit": "unit", "mean": "mean"})
    return {"layer": layer, "sample": sample, "of": of, "unit": number}
