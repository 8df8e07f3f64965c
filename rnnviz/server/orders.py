"""The one place where runs and studies get their orders, whoever gives them: page, clicker, script.

A page sends an order over the live socket that it has, and is answered there:

    {"order": "pause", "run": "<id>", "id": 7}       ->  {"ordered": 7}
    {"order": "resume", "run": "<id>", "lr": 0.001}  ->  {"ordered": null}
    {"order": "stop", "study": "<id>", "id": 8}      ->  {"ordered": 8, "refused": "<a sentence>"}

`id` is the page's own, and comes back. Whose the run is, and whether it can do that now, is looked
up in the transaction that changes it (`store/orders.py`, after the table in `store/states.py`).
"""

import json
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnviz.errors import RnnvizError, RunError
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import Order
from rnnviz.views.messages import Answered
from rnnviz.words import N_, t

log = logging.getLogger(__name__)

SET_LR = "set_lr"
"""The order that changes no state but the learning rate."""
MOST, WITHIN = 30, 2.0
"""Orders that one visitor may give in so many seconds, from all pages together."""

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
NOBODY = N_("Your browser refused a cookie: allow it here, so that your runs are yours.")
TOO_MANY = N_("Too many orders at once: wait a moment.")
FAULT = N_("This order could not be given: a fault of rnnviz's, the server's log has the details.")

Given = Callable[[RunStore, str, str, str], object]
OF_RUN: Mapping[str, Given] = {
    Order.RESUME: lambda store, run, who, _: store.orders.resume(run, who),
    Order.STEP: lambda store, run, who, _: store.orders.step_once(run, who),
    Order.PAUSE: lambda store, run, who, reason: store.orders.pause(run, who, reason),
    Order.STOP: lambda store, run, who, reason: store.orders.stop(run, who, reason),
    SET_LR: lambda *_: None,  # the rate that any order may bring is all of it
}
OF_STUDY: Mapping[str, Given] = {
    Order.RESUME: lambda store, study, who, _: store.studies.resume(study, who),
    Order.PAUSE: lambda store, study, who, _: store.studies.pause(study, who),
    Order.STOP: lambda store, study, who, _: store.studies.cancel(study, who),
}
"""What each order does to all runs of a study."""


@dataclass(frozen=True)
class Asked:
    """An order as it was sent; nothing of it is checked but `id`."""

    order: object
    values: Mapping[str, object]
    id: int | None = None


def read(text: str) -> Asked | None:
    """Return the order that a page's message is; None if it is none."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or "order" not in message:
        return None
    id = message.pop("id", None)
    known = type(id) is int and 0 <= id < 2**53
    return Asked(message.pop("order"), message, id if known else None)


def give(
    store: RunStore, who: str, order: object, values: Mapping[str, object], reason: str = ""
) -> None:
    """Give an order in the name of an owner.

    Parameters
    ----------
    who : str
        The owner, as the store knows them; nobody if empty.
    order : str
        A key of `OF_RUN`, or of `OF_STUDY` where the values name a study.
    values : mapping
        `run` or `study`, and for a run `lr`, if it shall have another learning rate from then on.
    reason : str
        Why a run pauses or stops, for people.

    Raises
    ------
    RunError
        If there is no such order, run or study, it belongs to somebody else, or cannot.
    SettingsError
        If the learning rate is outside its range.
    """
    if not who:
        raise RunError(NOBODY)
    of_study = "study" in values
    known: Mapping[str, Given] = OF_STUDY if of_study else OF_RUN
    if not isinstance(order, str) or order not in known:
        there = ", ".join(known)
        if of_study:
            raise RunError("There is no such order to a study: there are {known}.", known=there)
        raise RunError("There is no such order to a run: there are {known}.", known=there)
    unknown = set(values) - ({"study"} if of_study else {"run", "lr"})
    if unknown:
        raise RunError("This order has no {name!r}: leave it out.", name=min(unknown)[:40])
    id = values.get("study" if of_study else "run")
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise RunError("This order names neither run nor study: send its id.")
    if order == SET_LR or "lr" in values:
        store.orders.set_lr(id, who, _rate(values.get("lr")))
    known[order](store, id, who, reason)


def _rate(lr: Any) -> float:
    if type(lr) is int and abs(lr) < 10**9:
        lr = float(lr)
    if type(lr) is not float:
        raise RunError("A learning rate is a number: send one.")
    return lr


class Pace:
    """Count what each visitor orders, so that nobody keeps the store from everybody else."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def allows(self, who: str) -> bool:
        """Return whether this visitor may order something now, and count it if so."""
        now = time.monotonic()
        for each, times in list(self._times.items()):
            while times and times[0] <= now - WITHIN:
                times.popleft()
            if not times:
                del self._times[each]
        times = self._times.setdefault(who, deque())
        if len(times) >= MOST:
            return False
        times.append(now)
        return True


def answer(asked: Asked, do: Callable[[], object]) -> Answered:
    """Do what was asked; return the answer that goes back, a sentence where it was refused."""
    told: Answered = {"ordered": asked.id}
    try:
        do()
    except RnnvizError as error:
        told["refused"] = str(error)
    except Exception:  # one order's fault must not end the page's picture
        log.exception("The order %.40r could not be given", asked.order)
        told["refused"] = t(FAULT)
    return told
