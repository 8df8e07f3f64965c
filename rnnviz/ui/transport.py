"""The transport bar: train, pause, step, stop, reset; how the run is doing; and a look back.

Its buttons are its own, not Streamlit's: they follow the run's live state without drawing the page
again, and stay in place under a hurried click. What they order goes over the page's socket
(assets/orders.js), but for what needs the form: a new run, and leaving one.
"""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.ui import session
from rnnviz.ui.component import declare, watched

ICONS = {
    "train": "M4 2.5v11l9-5.5z",
    "pause": "M4 2.5h3v11H4zM9 2.5h3v11H9z",
    "once": "M3 2.5v11l7-5.5zM11 2.5h2v11h-2z",
    "stop": "M3.5 3.5h9v9h-9z",
    "reset": "M8 3a5 5 0 1 1-4.6 3l1.4.6A3.5 3.5 0 1 0 8 4.5V7L4.5 3.8 8 .8z",
}


def _button(order: str, key: str) -> str:
    """Return the markup of a button; `key` is what presses it."""
    shapes = f'<path class="rnnviz-icon" d="{ICONS[order]}"/>'
    if order == "train":
        shapes += f'<path class="rnnviz-icon-pause" d="{ICONS["pause"]}"/>'
    return (
        f'<button type="button" data-order="{order}" aria-keyshortcuts="{key}" disabled>'
        f'<svg viewBox="0 0 16 16" aria-hidden="true">{shapes}</svg>'
        f"<span></span> <kbd>{key if len(key) == 1 else ''}</kbd></button>"
    )


TRANSPORT = f"""
<div class="rnnviz-transport" data-rnnviz>
  <div class="rnnviz-orders" role="group">
    {_button("train", "Space")}
    {_button("once", "S")}
    {_button("stop", "X")}
    {_button("reset", "N")}
  </div>
  <span class="rnnviz-words" role="status"></span>
  <span class="rnnviz-figures"></span>
  <div class="rnnviz-bar">
    <input type="range" min="0" max="1" value="0" step="1" disabled>
    <output></output>
    <button type="button" data-back hidden></button>
  </div>
</div>
"""

_transport = declare("transport", TRANSPORT)


def bar(
    name: str,
    query: Mapping[str, str],
    actions: Mapping[str, Callable[[], object]],
    *,
    key: str = "transport",
    **data: object,
) -> int | None:
    """Place the bar itself; return the training step that is looked at (None: the newest).

    Parameters
    ----------
    name, query
        What is looked at, as `component.watched` gives it.
    actions : mapping
        What each button does that needs the form: train, once, reset.
    **data
        What else the bar's script is told.
    """
    step = session.looked_at()
    told = {"base": session.prefix(), "run": name, "query": query, "step": step, **data}
    presses = {
        f"on_{order}_change": partial(session.attempt, action) for order, action in actions.items()
    }
    result = _transport(
        key=key, data=told, default={"step": step}, on_step_change=lambda: None,
        on_refused_change=lambda: None, **presses,
    )  # fmt: skip
    if result.refused:  # of what the socket was asked
        st.toast(str(result.refused), duration="long")
    session.look_at(result.step)
    chosen: int | None = result.step
    return chosen


def transport(
    run: Run | None, settings: Settings, *, orders: bool = True, changed: bool = False
) -> int | None:
    """Place the bar; return the training step that is looked at (None: the newest).

    Parameters
    ----------
    run : Run or None
        What is looked at; None is the untrained network of the settings.
    settings : Settings
        What the form says: a new run gets them, and a running one its learning rate.
    orders : bool
        Whether the bar has its buttons, or only shows how the run is doing.
    changed : bool
        Whether the page shows the network with a change, which the run's loss is without.
    """
    mine = run is not None and run.owner == session.owner()
    # other settings than the run's (but for the learning rate) belong to a new run
    same = run is not None and run.settings.replace(lr=settings.lr) == settings
    name, query = watched(run.id if run else None, settings)
    actions = {
        "train": lambda: session.begin(settings),
        "once": lambda: session.begin(settings, one_step=True),
        "reset": session.forget,
    }
    lr = {"asked": settings.lr, "has": run.lr} if run and mine else None
    return bar(name, query, actions, orders=orders, mine=mine, same=same, changed=changed, lr=lr,
               view="status")  # fmt: skip
