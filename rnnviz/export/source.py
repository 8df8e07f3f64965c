"""Where a figure comes from: enough to draw it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.words import t


@dataclass(frozen=True)
class Source:
    """A view of a network at a training step, by a choice.

    Attributes
    ----------
    view : str
        A key of `rnnviz.looks.VIEWS`.
    settings : Settings, Plan or None
        The run's, or the plan of the study that is looked at; None for a trace that somebody
        brought, which `trace` names.
    step : int
        The training step that is shown; 0 is untrained.
    choice : mapping
        Layer, signal, sample, ...: the view's query.
    rates : mapping
        Training step -> learning rate from there on, where the run's owner changed it.
    phases : mapping
        Training step -> settings from there on, of a run that goes on from another one.
    link : str
        The address that shows it.
    """

    view: str
    settings: Settings | Plan | None
    step: int = 0
    choice: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[int, float] = field(default_factory=dict)
    kept: tuple[int, ...] = ()
    """Training steps whose weights the run has kept, where the view shows several."""
    trained: int = 0
    """The last step of which the run has a loss."""
    link: str = ""
    phases: Mapping[int, Settings] = field(default_factory=dict)
    trace: str = ""

    def lines(self) -> list[str]:
        """Return what stands in notes and comments: settings, seed, step, link."""
        chosen = "".join(f", {name} {value}" for name, value in self.choice.items())
        words = [t("View: {view}", view=self.view + chosen)]
        if isinstance(self.settings, Settings):
            words.append(t("Training step: {step}", step=self.step))
        for since, settings in list(self.phases.items())[:-1]:
            words.append(
                t(
                    "Settings from step {step} on: {settings}",
                    step=since,
                    settings=settings.to_json(),
                )
            )
        if self.settings is None:
            words.append(t("Trace: {name}, step {step}", name=self.trace, step=self.step))
        else:
            words.append(t("Settings: {settings}", settings=self.settings.to_json()))
        return [*words, t("Link: {link}", link=self.link)] if self.link else words
