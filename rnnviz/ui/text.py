"""The components of the Units page: text coloured by units, matches, and what a network writes.

As in `component`, only a short loader is sent again at every change; what a visitor typed goes to
the scripts in messages and is shown as text.
"""

from functools import partial
from typing import Any

from rnnviz.plan import Plan
from rnnviz.server import live
from rnnviz.settings import Settings
from rnnviz.ui.component import declare

HEADER = """
  <header><span class="rnnviz-text-title"></span><span class="rnnviz-legend"></span></header>
"""
NOTE = '<p class="rnnviz-note" role="status" hidden></p>'
READER = f"""
<section class="rnnviz-text rnnviz-reader" data-rnnviz>
  {HEADER}
  <div class="rnnviz-text-body">
    <div class="rnnviz-lines" tabindex="0" role="application"></div>
    <div class="rnnviz-next"></div>
  </div>
  <p class="rnnviz-text-said" hidden></p>
  <p class="rnnviz-text-spoken" role="status"></p>
  {NOTE}
</section>
"""
MATCHES = f"""
<section class="rnnviz-text rnnviz-matches" data-rnnviz>
  {HEADER}
  <p class="rnnviz-match-on"></p>
  {NOTE}
  <div class="rnnviz-text-body" style="display: block">
    <div class="rnnviz-match-list" tabindex="0" role="region"></div>
  </div>
  <p class="rnnviz-match-foot"></p>
</section>
"""
WRITING = f"""
<section class="rnnviz-text rnnviz-writing" data-rnnviz>
  {HEADER}
  {NOTE}
  <div class="rnnviz-text-body" style="display: block">
    <div class="rnnviz-written" tabindex="0" role="region"></div>
  </div>
  <p class="rnnviz-text-said" hidden></p>
</section>
"""


_declare = partial(declare, script="text", styles=("text.css",))
_reader = _declare("reader", READER)
_matches = _declare("matches", MATCHES)
_writing = _declare("writing", WRITING)


def reader(
    run: str | None, settings: Settings | Plan, *, step: int | None, brush: str, **choice: str | int
) -> str:
    """Place the text coloured by units; return the stretch that is selected in it.

    Parameters
    ----------
    run : str or None
        The run; None shows the network that `settings` describe, before training.
    step : int or None
        The training step to look at; None follows the run.
    brush : str
        The selected stretch, as "first-last"; "" for none.
    **choice
        The view's query.
    """
    result = _reader(
        key="reader",
        data=_data("units_text", run, settings, step, choice) | {"brush": brush},
        default={"brush": brush},
        on_brush_change=lambda: None,
    )
    return result.brush or ""


def matches(
    run: str | None, settings: Settings, *, step: int | None, height: str, **choice: str | int
) -> None:
    """Place the list of where else the units are on that are on in the stretch `brush`."""
    _matches(
        key="matches", data=_data("units_matches", run, settings, step, choice) | {"height": height}
    )


def writing(
    run: str | None, settings: Settings, *, step: int | None, height: str, **choice: str | int
) -> None:
    """Place the text that the network writes after a prompt."""
    _writing(key="writing", data=_data("writing", run, settings, step, choice) | {"height": height})


def _data(
    view: str,
    run: str | None,
    settings: Settings | Plan,
    step: int | None,
    choice: dict[str, str | int],
) -> dict[str, Any]:
    query = {} if run else {"settings": settings.to_json()}
    query |= {key: str(value) for key, value in choice.items() if value != ""}
    return {
        "base": live.prefix(),
        "view": view,
        "run": run or "draft",
        "query": query,
        "step": step,
    }
