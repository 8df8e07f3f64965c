"""The list of an owner's runs: each with its best validation and a small learning curve.

A list of a thousand runs must not read their millions of metrics rows: the best comes from an index
over the validated rows alone, the curve from `POINTS` look-ups a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, and_, case, column, func, select, true, values

from rnnviz.settings import VALIDATE_EVERY
from rnnviz.store.rows import Run, run_of
from rnnviz.store.schema import metrics, runs

POINTS = 24
"""Most points of a small learning curve."""
FEW = 8 * VALIDATE_EVERY
"""Steps from which on the small curve is that of the validation loss."""


@dataclass(frozen=True)
class Entry:
    """A run in the list.

    Attributes
    ----------
    lowest, highest : float or None
        Of its validation metric; which of them is the best, its task says (`metric_better`).
    curve : tuple of float
        Its loss at up to `POINTS` steps, evenly spaced: on the validation set if it has trained
        for `FEW` steps, else of the training batches.
    """

    run: Run
    lowest: float | None
    highest: float | None
    curve: tuple[float, ...]

    def best(self, better: str) -> float | None:
        """Return its best validation metric, where "higher" or "lower" is better."""
        return self.highest if better == "higher" else self.lowest


def entries(connection: Connection, owner: str, of_studies: bool) -> Sequence[Entry]:
    """Return an owner's runs of their own, or those made for studies, newest first."""
    mine = (runs.c.owner == owner) & runs.c.deleted.is_(None)
    mine &= runs.c.study.is_not(None) if of_studies else runs.c.study.is_(None)
    listed = select(runs, _extreme(func.min, "lowest"), _extreme(func.max, "highest")).where(mine)
    unit = case((runs.c.step >= FEW, VALIDATE_EVERY), else_=1)
    count = runs.c.step // unit
    place = values(column("k", Integer), name="place").data([(k,) for k in range(POINTS)]).cte()
    step = unit * (1 + place.c.k * (count - 1) // (POINTS - 1))
    curve = (
        select(
            metrics.c.run, metrics.c.step, func.coalesce(metrics.c.validation_loss, metrics.c.loss)
        )
        .select_from(runs.join(place, true()))
        .join(metrics, and_(metrics.c.run == runs.c.id, metrics.c.step == step))
        .where(mine, runs.c.step > 0)
    )
    rows = connection.execute(listed.order_by(runs.c.created.desc(), runs.c.id)).all()
    curves: dict[str, dict[int, float]] = {}
    for run, at, loss in connection.execute(curve):
        if loss is not None:
            curves.setdefault(run, {})[at] = loss
    return [
        Entry(run_of(row), row.lowest, row.highest, _in_order(curves.get(row.id, {})))
        for row in rows
    ]


def _extreme(of: Any, name: str) -> Any:
    measured = metrics.c.validation_metric
    found = select(of(measured)).where(metrics.c.run == runs.c.id, measured.is_not(None))
    return found.scalar_subquery().label(name)


def _in_order(curve: dict[int, float]) -> tuple[float, ...]:
    return tuple(curve[step] for step in sorted(curve))
