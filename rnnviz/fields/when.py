"""Where a setting applies: a condition on the others, and on the task, that can be said.

    momentum: Annotated[float, when(optimizer="sgd")]
    forget_bias: Annotated[float | None, when(cell="lstm", initialization=is_not("chrono"))]

The form, the refusals, the initialization, the analyses and `rnnviz settings` ask it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnviz.words import N_, t

TASKS = {
    # attribute of a task's class -> what is said of a task that has it, and of one that has not
    "continues": (N_("a batch of the task goes on where the last ended"), ""),
    "distance_title": (N_("the task has a distance"), ""),
    "foretells": (N_("the task foretells what goes in"), ""),
    "length_title": (N_("the task has a length"), ""),
    "one_answer": (N_("the task asks once, at the end"), ""),
    "tokens": (N_("the task reads symbols"), ""),
    "translates": (N_("the task translates"), N_("the task does not translate")),
}


@dataclass(frozen=True)
class Test:
    """What a value has to be, how that is said of a name, and a value that is so, if it is one."""

    holds: Callable[[Any], bool]
    words: Callable[[str], str]
    value: Any = None


def equals(value: Any) -> Test:
    """Hold where a setting has this value."""
    return Test(lambda given: given == value, lambda name: f"{name} = {value}", value)


def is_not(value: Any) -> Test:
    """Hold where a setting has another value."""
    return Test(lambda given: given != value, lambda name: f"{name} ≠ {value}")


def more_than(least: float) -> Test:
    """Hold where a number is larger."""
    return Test(lambda given: given > least, lambda name: f"{name} > {least:g}")


def does(*facts: str) -> Test:
    """Hold for tasks that have these attributes; of the task's class, not of its key."""
    return Test(
        lambda kind: all(getattr(kind, fact) for fact in facts),
        lambda _: ", ".join(t(TASKS[fact][0]) for fact in facts),
    )


def does_not(fact: str) -> Test:
    """Hold for tasks that have not this attribute."""
    return Test(lambda kind: not getattr(kind, fact), lambda _: t(TASKS[fact][1]))


@dataclass(frozen=True)
class When:
    """All that has to be so for a setting to apply."""

    tests: Mapping[str, Test]

    def holds(self, values: Mapping[str, Any], task: Callable[[], type]) -> bool:
        """Return whether it is so.

        Parameters
        ----------
        values : mapping
            Of the settings that it asks.
        task : callable
            Returns the task's class; called only where it is asked, because it brings torch.
        """
        return all(
            test.holds(task() if name == "task" else values[name])
            for name, test in self.tests.items()
        )

    def wants(self, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to change of other settings so that it is so; the task is not changed."""
        return {
            name: defaults[name] if test.value is None else test.value
            for name, test in self.tests.items()
            if name != "task" and not test.holds(values[name])
        }

    def __str__(self) -> str:
        """Return it as a sentence."""
        conditions = ", ".join(test.words(name) for name, test in self.tests.items())
        return t("Only where {conditions}.", conditions=conditions)


def when(**tests: Any) -> When:
    """Return a condition: settings and the values that they have to have, or a `Test` of them."""
    return When({
        name: test if isinstance(test, Test) else equals(test) for name, test in tests.items()
    })  # fmt: skip
