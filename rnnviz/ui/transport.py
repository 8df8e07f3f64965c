"""The transport bar: train, pause, step, stop, reset; how the run is doing; and a look back.

Its buttons are its own, not Streamlit's: they follow the run's live state without drawing the page
again, and stay in place under a hurried click.
"""

from collections.abc import Callable, Mapping
from functools import partial

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import session
from rnnviz.ui.component import declare, watched

ICONS = {
    "train": "M4 2.5v11l9-5.5z",
    "pause": "M4 2.5h3v11H4zM9 2.5h3v11H9z",
    "once": "M3 2.5v11l7-5.5zM11 2.5h2v11h-2z",
    "stop": "M3.5 3.5h9v9h-9z",
    "reset": "M8 3a5 5 0 1 1-4.6 3l1.4.6A3.5 3.5 0 1 0 8 4.5V7L4.5 3.8 8 .8z",
}


def _button(order: str, word: str, key: str) -> str:
    """Return the markup of a button; `key` is what presses it."""
    shapes = f'<path class="rnnviz-icon" d="{ICONS[order]}"/>'
    if order == "train":
        shapes += f'<path class="rnnviz-icon-pause" d="{ICONS["pause"]}"/>'
    return (
        f'<button type="button" data-order="{order}" aria-keyshortcuts="{key}" disabled>'
        f'<svg viewBox="0 0 16 16" aria-hidden="true">{shapes}</svg>'
        f"<span>{word}</span> <kbd>{key}</kbd></button>"
    )


TRANSPORT = f"""
<div class="rnnviz-transport" data-rnnviz>
  <div class="rnnviz-orders" role="group" aria-label="Training">
    {_button("train", "Train", "Space")}
    {_button("once", "Step", "S")}
    {_button("stop", "Stop", "X")}
    {_button("reset", "Reset", "N")}
  </div>
  <span class="rnnviz-words" role="status"></span>
  <span class="rnnviz-figures"></span>
  <div class="rnnviz-bar">
    <input type="range" min="0" max="1" value="0" step="1" disabled
      aria-label="Look back in training: the step that the figures show">
    <output>newest</output>
    <button type="button" data-back hidden>Back to newest</button>
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
        What each button does: train, resume, pause, once, stop, reset.
    **data
        What else the bar's script is told.
    """
    step = session.looked_at()
    told = {"base": session.prefix(), "run": name, "query": query, "step": step, **data}
    presses = {
        f"on_{order}_change": partial(session.attempt, action) for order, action in actions.items()
    }
    result = _transport(
        key=key, data=told, default={"step": step}, on_step_change=lambda: None, **presses
    )
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
    me, store = session.owner(), session.store()
    mine = run is not None and run.owner == me
    # other settings than the run's (but for the learning rate) belong to a new run
    same = run is not None and run.settings.replace(lr=settings.lr) == settings
    if run is not None and mine and run.state in ("queued", "running") and settings.lr != run.lr:
        session.attempt(lambda: store.set_lr(run.id, me, settings.lr))

    def go_on() -> None:
        if run is not None:
            if settings.lr != run.lr:
                store.set_lr(run.id, me, settings.lr)
            store.resume(run.id, me)
            session.look_at(None)

    def once() -> None:
        if run is None or not mine or not same or run.state == "finished":
            session.begin(settings, one_step=True)
        else:
            store.step_once(run.id, me)
            session.look_at(None)

    def pause() -> None:
        if run is not None:
            store.pause(run.id, me)

    def stop() -> None:
        if run is not None:
            store.stop(run.id, me)

    name, query = watched(run.id if run else None, settings)
    actions = {
        "train": lambda: session.begin(settings), "resume": go_on, "pause": pause, "once": once,
        "stop": stop, "reset": session.forget,
    }  # fmt: skip
    return bar(name, query, actions, orders=orders, mine=mine, same=same, changed=changed,
               view="status")  # fmt: skip
