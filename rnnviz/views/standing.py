"""How a run stands, for the transport bar: in words, and as what can be done with it.

What follows from a state is said here, after the table in `store/states.py`: the page's scripts
know no state by its name.
"""

from collections.abc import Mapping
from typing import TypedDict

from rnnviz.store.states import ACTIVE, WAITING, State
from rnnviz.words import N_, t

NEW = "new"
"""In the place of a state, where nothing has begun."""
SAYS: Mapping[str, str] = {
    State.QUEUED: N_("Waiting for a free worker"),
    State.RUNNING: "",
    State.PAUSED: N_("Paused"),
    State.STOPPED: N_("Stopped"),
    State.FINISHED: N_("Finished"),
    State.FAILED: N_("Ended early"),
    State.INTERRUPTED: N_("Interrupted"),
}
NOT_YET = N_("Not trained yet. Press Train, or look at the untrained network.")
NONE_YET = N_("Not trained yet. Press Train all: each cell learns the same, from several seeds.")


class Standing(TypedDict):
    """How a run, or a study as a whole, stands.

    Attributes
    ----------
    state : str
        Its state, "new" before there is a run, "" where the runs of a study were deleted.
    says : str
        The same for people, with the reason, and with the place in the queue.
    begun : bool
        Whether there is a run.
    trains : bool
        Whether it trains now.
    going : bool
        Whether it trains, or will without being asked again.
    waits : bool
        Whether it can usefully go on.
    ended : bool
        Whether it was trained to its last step.
    """

    state: str
    says: str
    begun: bool
    trains: bool
    going: bool
    waits: bool
    ended: bool


def standing(state: str, says: str = "", reason: str = "", place: int | None = None) -> Standing:
    """Return what follows from a state.

    Parameters
    ----------
    says : str
        What is said of it instead of the state's own words.
    reason : str
        Why it is in this state.
    place : int, optional
        In the queue, 1 for the next.
    """
    says = says or t(SAYS.get(state, ""))
    if state == State.QUEUED and place:
        says = t("Waiting for a free worker, place {place} in line", place=place)
    if reason and state != State.RUNNING:
        says = f"{says}: {reason}"
    return {
        "state": state,
        "says": says,
        "begun": state != NEW,
        "trains": state == State.RUNNING,
        "going": state in ACTIVE,
        "waits": state in WAITING,
        "ended": state == State.FINISHED,
    }
