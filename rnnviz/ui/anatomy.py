"""The Anatomy component: a drawn cell, its equations and a time bar; and its controls."""

from rnnviz.export.menu import offered
from rnnviz.plan import Plan
from rnnviz.server import live
from rnnviz.settings import Settings
from rnnviz.ui import choices
from rnnviz.ui.component import declare
from rnnviz.words import t

KEYS = {
    # what it does -> its icon
    "first": "M3 3h2v10H3zM13 3v10L6 8z",
    "back": "M11 3v10L4 8z",
    "play": "M4 2.5v11L13 8z",
    "next": "M5 3v10l7-5z",
    "last": "M3 3v10l7-5zM11 3h2v10h-2z",
}
KEY = """<button type="button" data-do="{0}">
  <svg viewBox="0 0 16 16" aria-hidden="true"><path d="{1}"/></svg></button>"""
ANATOMY = """
<div class="rnnviz-anatomy" data-rnnviz>
  <div class="rnnviz-stage">
    <div class="rnnviz-head">
      <span class="rnnviz-title"></span>
      <span class="rnnviz-where"></span>
    </div>
    <div class="rnnviz-drawing"></div>
    <div class="rnnviz-side-panel" role="region" tabindex="0">
      <p class="rnnviz-single"></p>
      <div class="rnnviz-equations"></div>
    </div>
    <div class="rnnviz-time" role="group">
      <div class="rnnviz-keys">
KEYS
        <span class="rnnviz-readout"></span>
        <label>
          <select><option>1</option><option selected>3</option><option>10</option
            ><option>30</option></select>
        </label>
      </div>
      <div class="rnnviz-strip">
        <canvas aria-hidden="true"></canvas>
        <div class="rnnviz-now"></div>
        <input type="range" min="0" max="0" value="0" step="1">
      </div>
      <span class="rnnviz-said" role="status"></span>
    </div>
  </div>
  <p class="rnnviz-note" role="status" hidden></p>
</div>
"""

_anatomy = declare(
    "anatomy",
    ANATOMY.replace("KEYS", "".join(KEY.format(name, icon) for name, icon in KEYS.items())),
    styles=("anatomy.css", "drawing.css", "timebar.css", "menu.css"),
)


def drawing(
    run: str | None,
    settings: Settings | Plan,
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
        "view": "anatomy",
        "run": run or "draft",
        "query": query | {key: str(value) for key, value in choice.items()},
        "height": height,
        "step": step,
        "mode": mode,
        "offered": offered("anatomy", run),
    }
    _anatomy(key="anatomy", data=data)


def unit_choice(settings: Settings) -> dict[str, str | int]:
    """Draw what to look at: layer, sample, and one unit or the mean over all."""
    layer, sample, number = choices.layer(settings), choices.sample(), choices.unit(settings)
    words = {"unit": t("unit"), "mean": t("mean")}
    of = choices.segment("of", t("Which units"), "unit", words)
    return {"layer": layer, "sample": sample, "of": of, "unit": number}
