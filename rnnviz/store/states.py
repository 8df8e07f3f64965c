"""The states of a run, the orders that change them, and who may give these: the one table.

    created -> paused -> queued -> running -> paused | stopped | finished | failed | interrupted

Statements, pages and scripts take the names and sets from here; nothing else spells a state.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from rnnviz.words import N_


class State(StrEnum):
    """How a run stands, as it is written in the database; a run that never started is paused."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Wish(StrEnum):
    """What the owner of a run wants of the worker that trains it."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


class Who(StrEnum):
    """Who may give an order."""

    OWNER = "owner"
    WORKER = "worker"
    ENGINE = "engine"


class Order(StrEnum):
    """What changes a run's state.

    STEP trains one step and pauses; RESUME_STUDY and the like reach each run of a study; RELEASE
    is a worker's answer to a wish, or to the end of its server.
    """

    RESUME = "resume"
    STEP = "step"
    PAUSE = "pause"
    STOP = "stop"
    EXTEND = "extend"
    DELETE = "delete"
    RESUME_STUDY = "resume_study"
    CLAIM = "claim"
    RELEASE_PAUSED = "release_paused"
    RELEASE_STOPPED = "release_stopped"
    FINISH = "finish"
    FAIL = "fail"
    INTERRUPT = "interrupt"


class Rule(NamedTuple):
    """What an order does.

    Attributes
    ----------
    who : Who
        Who may give it.
    moves : tuple of State
        The states that it ends; a run in any other stays as it is.
    to : State
        The state that comes then.
    wish : Wish or None
        What a run in training is asked for instead of being moved.
    refused : tuple of State
        States in which it is answered with a sentence, as doing nothing would surprise.
    """

    who: Who
    moves: tuple[State, ...]
    to: State
    wish: Wish | None = None
    refused: tuple[State, ...] = ()


ACTIVE = (State.QUEUED, State.RUNNING)
"""States of a run that trains, or will without being asked again."""
WAITING = (State.PAUSED, State.STOPPED, State.INTERRUPTED)
"""States from which a run can usefully go on; one that diverged would only diverge again."""
OVER = (State.FINISHED, State.FAILED)
"""States of runs that are done with: to the end, or until they diverged."""
FORWARD = (State.RUNNING, State.QUEUED, State.INTERRUPTED, State.PAUSED, State.STOPPED)
"""Of many runs together, the first of these that one of them is in tells how they stand."""
KEPT = (*OVER, State.STOPPED)
"""States that a run keeps when it is opened elsewhere; all others wait there."""

WORDS: Mapping[State, str] = {
    State.QUEUED: N_("queued"),
    State.RUNNING: N_("running"),
    State.PAUSED: N_("paused"),
    State.STOPPED: N_("stopped"),
    State.FINISHED: N_("finished"),
    State.FAILED: N_("failed"),
    State.INTERRUPTED: N_("interrupted"),
}
"""What people read for a state."""

RULES: Mapping[Order, Rule] = {
    Order.RESUME: Rule(
        Who.OWNER, (*WAITING, State.FAILED), State.QUEUED, Wish.RUN, refused=(State.FINISHED,)
    ),
    Order.STEP: Rule(
        Who.OWNER, (*WAITING, State.FAILED), State.QUEUED, Wish.RUN, refused=(State.FINISHED,)
    ),
    Order.PAUSE: Rule(Who.OWNER, (State.QUEUED,), State.PAUSED, Wish.PAUSE),
    Order.STOP: Rule(
        Who.OWNER, (State.QUEUED, State.PAUSED, State.INTERRUPTED), State.STOPPED, Wish.STOP
    ),
    Order.EXTEND: Rule(Who.OWNER, (State.FINISHED,), State.PAUSED),
    Order.DELETE: Rule(Who.OWNER, ACTIVE, State.STOPPED, Wish.STOP),
    Order.RESUME_STUDY: Rule(Who.OWNER, WAITING, State.QUEUED, Wish.RUN),
    Order.CLAIM: Rule(Who.WORKER, (State.QUEUED,), State.RUNNING),
    Order.RELEASE_PAUSED: Rule(Who.WORKER, (State.RUNNING,), State.PAUSED),
    Order.RELEASE_STOPPED: Rule(Who.WORKER, (State.RUNNING,), State.STOPPED),
    Order.FINISH: Rule(Who.WORKER, (State.RUNNING,), State.FINISHED),
    Order.FAIL: Rule(Who.WORKER, (State.RUNNING,), State.FAILED),
    Order.INTERRUPT: Rule(Who.ENGINE, (State.RUNNING,), State.INTERRUPTED),
}
"""What each order does, and who may give it."""
