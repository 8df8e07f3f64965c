"""The code of a figure: a script of a few lines that draws it again, from its settings."""

from collections.abc import Mapping

from rnnviz.errors import ExportError
from rnnviz.export.source import Source
from rnnviz.plan import Plan
from rnnviz.settings import Settings

TRACE_FILE = "trace.npz"
"""What a script calls the trace that it draws."""


def script(source: Source | None) -> str:
    """Return a Python script that trains the same network and draws the same figure.

    Raises
    ------
    ExportError
        If it is not known where the figure comes from.
    """
    if source is None:
        raise ExportError(
            "Only a figure of a run has code: give `source`, or keep the script that you drew with."
        )
    if source.settings is None:
        return _of_trace(source)
    lines = [
        f'"""Draw the view {source.view!r} again: trains the network, then draws."""',
        "",
        "import rnnviz",
        "from rnnviz.export import redraw",
        "",
        'if __name__ == "__main__":  # training may use several processes',
    ]
    if isinstance(source.settings, Plan):
        made = f"rnnviz.Plan.from_json({source.settings.to_json()!r})"
    else:
        made = settings_code(source.settings)
    lines.append(f"    settings = {made}")
    choices = [repr(source.view), "settings"]
    if isinstance(source.settings, Settings):
        choices.append(f"step={source.step}")
    for name in ("trained", "kept", "rates"):
        if value := getattr(source, name):
            choices.append(f"{name}={value!r}")
    if source.phases:
        choices.append(f"phases={phases_code(source.phases)}")
    if source.choice:
        choices.append(f"choice={dict(source.choice)!r}")
    lines += [
        f"    figure = redraw({', '.join(choices)})",
        f'    rnnviz.export.save(figure, "{source.view}.html")  # or .svg, .pdf, .csv, ...',
    ]
    if source.link:
        lines.append(f"    # {source.link.encode('ascii', 'replace').decode()[:2000]}")
    return "\n".join([*lines, ""])


def phases_code(phases: Mapping[int, Settings]) -> str:
    """Return the code of settings by the training step from which on they are those of a run."""
    return f"{{{', '.join(f'{since}: {settings_code(each)}' for since, each in phases.items())}}}"


def _of_trace(source: Source) -> str:
    """Return the script that draws a view of a trace, which is saved on the page of the figure."""
    choice = f", choice={dict(source.choice)!r}" if source.choice else ""
    lines = [
        f'"""Draw the view {source.view!r} of a trace again: save it as {TRACE_FILE} first."""',
        "",
        "import rnnviz",
        "from rnnviz.export import redraw",
        "",
        f'trace = rnnviz.Trace.load("{TRACE_FILE}")',
        f"figure = redraw({source.view!r}, trace{choice})",
        f'rnnviz.export.save(figure, "{source.view}.html")  # or .svg, .pdf, .csv, ...',
    ]
    if source.link:
        lines.append(f"# {source.link.encode('ascii', 'replace').decode()[:2000]}")
    return "\n".join([*lines, ""])


def settings_code(settings: Settings) -> str:
    """Return the call that makes settings, from what is not standard and what always stands."""
    standard, given = Settings(task=settings.task).model_dump(), settings.model_dump()
    # what is the standard today may not be tomorrow: the seed and the size always stand
    always = {"task", "cell", "hidden", "length", "steps", "seed"}
    said = [
        f"{name}={value!r}"
        for name, value in given.items()
        if name in always or value != standard[name]
    ]
    return f"rnnviz.Settings({', '.join(said)})"
