"""Train, Pause, Step, Stop, Reset: what the visitor does to a run, with keys."""

from collections.abc import Callable

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import session

MOVING = ("queued", "running")
CAN_GO_ON = ("paused", "stopped", "interrupted")


def row(run: Run | None, settings: Settings) -> None:
    """Draw the buttons; the first one does what comes next: train, pause or resume."""
    store, me = session.store(), session.owner()
    mine = run is not None and run.owner == me
    moving = mine and run is not None and run.state in MOVING
    # other settings than the run's (but for the learning rate) belong to a new run
    going_on = (
        mine
        and run is not None
        and run.state in CAN_GO_ON
        and run.settings.replace(lr=settings.lr) == settings
    )
    with st.container(horizontal=True, gap="xsmall", key="train_buttons"):
        if run is not None and moving:
            act("Pause", "pause", "Space", lambda: store.pause(run.id, me), first=True)
        elif run is not None and going_on:
            act("Resume", "play_arrow", "Space", lambda: go_on(run, settings), first=True)
        else:
            act("Train", "play_arrow", "Space", lambda: session.begin(settings), first=True)
        act(
            "Step",
            "skip_next",
            "S",
            lambda: one_step(run if going_on or moving else None, settings),
        )
        act("Stop", "stop", "X", lambda: halt(run), able=moving)
        act("Reset", "replay", "N", session.forget, able=run is not None)
    if run is not None and moving and settings.lr != run.lr:
        session.attempt(lambda: store.set_lr(run.id, me, settings.lr))


def act(
    label: str,
    icon: str,
    key: str,
    action: Callable[[], object],
    *,
    able: bool = True,
    first: bool = False,
) -> None:
    """Draw one button; what it does happens before the page is drawn again."""
    st.button(
        label,
        icon=f":material/{icon}:",
        shortcut=key,
        key=f"do_{label.lower()}",
        type="primary" if first else "secondary",
        on_click=lambda: session.attempt(action),
        disabled=not able,
    )


def halt(run: Run | None) -> None:
    """End the run; it can still be resumed."""
    if run is not None:
        session.store().stop(run.id, session.owner())


def go_on(run: Run, settings: Settings) -> None:
    """Let a run train on, with the learning rate that the form has now."""
    if settings.lr != run.lr:
        session.store().set_lr(run.id, session.owner(), settings.lr)
    session.store().resume(run.id, session.owner())
    session.look_at(None)


def one_step(run: Run | None, settings: Settings) -> None:
    """Train a single step, of a new run if there is none to go on with."""
    if run is None:
        session.begin(settings, one_step=True)
    else:
        session.store().step_once(run.id, session.owner())
        session.look_at(None)
