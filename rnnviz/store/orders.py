"""What the owner of a run may ask of it: to train, to wait, to end, at another rate, for longer."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select

from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.store.database import Database
from rnnviz.store.queue import next_ticket
from rnnviz.store.rows import change, find_run, kept_words, mark_seen, own_run, run_of
from rnnviz.store.schema import points
from rnnviz.store.states import RULES, Order, State, Wish
from rnnviz.words import NOTHING, Words


@dataclass(frozen=True)
class Wanted:
    """What an owner wants of a run now.

    Attributes
    ----------
    action : Wish
        To train, to pause or to stop.
    until : int or None
        The step after which to pause; None for the last.
    reason : Words
        Why to pause or stop.
    revision : int
        Counts the owner's wishes, so that a worker does not overlook the newest.
    """

    action: Wish
    until: int | None
    lr: float
    reason: Words
    revision: int


class Orders:
    """Steer the runs of a store.

    Raises
    ------
    RunError
        From each order: if there is no such run, it belongs to somebody else, or cannot.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def resume(self, run: str, owner: str) -> None:
        """Put the run in the queue, to train until its last step; all but finished runs can."""
        self._queue(run, owner, Order.RESUME)

    def step_once(self, run: str, owner: str) -> None:
        """Train one step, then pause; a run that trains is paused after the step it is at."""
        self._queue(run, owner, Order.STEP)

    def pause(self, run: str, owner: str, reason: Words | str = NOTHING) -> None:
        """Let the run wait until it is resumed; its worker is free for others."""
        self._end(run, owner, Order.PAUSE, reason)

    def stop(self, run: str, owner: str, reason: Words | str = NOTHING) -> None:
        """End the run; unlike a paused one it is done with, but it could still be resumed."""
        self._end(run, owner, Order.STOP, reason)

    def set_lr(self, run: str, owner: str, lr: float) -> None:
        """Change the learning rate from the next step on, or from when the run is resumed.

        Raises
        ------
        SettingsError
            If the rate is outside its range.
        """
        with self._database.write() as connection:
            row = own_run(connection, run, owner)
            if row.state == State.FINISHED:
                raise RunError("This run is finished: start a new one with that learning rate.")
            lr = run_of(row).settings.replace(lr=lr).lr
            change(connection, run, lr=lr, revision=row.revision + 1)

    def extend(self, run: str, owner: str, more: int) -> Settings:
        """Give the run so many steps more than its settings say; return the settings it has now.

        It goes on when it is resumed, to the weights of a run that had these steps from the start.
        A rate that falls over all steps would have been another one, so such runs are refused; and
        early stopping has put the best weights in the place of the last.

        Raises
        ------
        SettingsError
            If that is more steps than a run may have.
        """
        if more < 1:
            raise RunError("{more} more steps: must be at least 1.", more=more)
        with self._database.write() as connection:
            row = own_run(connection, run, owner)
            if row.study is not None or connection.scalar(
                select(exists().where(points.c.run == row.id))
            ):
                raise RunError(
                    "This run is a point of a study, whose runs are equally long: duplicate it, "
                    "and give the copy more steps."
                )
            settings = run_of(row).settings
            if settings.schedule != "constant":
                raise RunError(
                    "The learning rate of this run falls over all its steps, so with more of them "
                    "it would have been another run: duplicate it, and give the copy more steps."
                )
            if settings.patience and row.state == State.FINISHED:
                raise RunError(
                    "This run has ended with the weights of its best step, so there is nothing to "
                    "go on from at its last one: duplicate it, and give the copy more steps or "
                    "another patience."
                )
            settings = settings.replace(steps=settings.steps + more)
            values = {"settings": settings.to_json(), "revision": row.revision + 1}
            rule = RULES[Order.EXTEND]
            if row.state in rule.moves:
                values |= {"state": rule.to, "reason": ""}
            change(connection, run, **values)
            return settings

    def wanted(self, run: str) -> Wanted:
        """Return what the owner wants of the run now."""
        with self._database.read() as connection:
            row = find_run(connection, run)
        return Wanted(
            Wish(row.wanted), row.until, row.lr, Words.from_json(row.reason), row.revision
        )

    def _queue(self, run: str, owner: str, order: Order) -> None:
        rule = RULES[order]
        with self._database.write() as connection:
            row = own_run(connection, run, owner)
            if row.state in rule.refused:
                raise RunError(
                    "This run has trained all its {step} steps: start a new one with more.",
                    step=row.step,
                )
            until = row.step + 1 if order is Order.STEP else None
            values = {"wanted": rule.wish, "until": until, "reason": ""}
            if row.state in rule.moves:
                values |= {"state": rule.to, "ticket": next_ticket(connection)}
            change(connection, run, revision=row.revision + 1, **values)
            mark_seen(connection, owner)

    def _end(self, run: str, owner: str, order: Order, reason: Words | str) -> None:
        rule = RULES[order]
        with self._database.write() as connection:
            row = own_run(connection, run, owner)
            values: dict[str, Any] = {"reason": kept_words(reason), "revision": row.revision + 1}
            if row.state == State.RUNNING:
                change(connection, run, wanted=rule.wish, **values)
            elif row.state in rule.moves:
                change(connection, run, state=rule.to, **values)
