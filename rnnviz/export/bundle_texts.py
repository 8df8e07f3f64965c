"""The texts of a lecture bundle: README, notebook, Beamer and Quarto files."""

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from rnnviz.export.look import Look
from rnnviz.export.script import phases_code, settings_code
from rnnviz.export.source import Source
from rnnviz.export.tex_text import comment_of, tex_of
from rnnviz.resources import version
from rnnviz.store.rows import Run
from rnnviz.words import N_, language, t

VERSIONS = ("torch", "numpy", "pandas", "plotly")
"""Packages whose versions decide on numbers and pictures."""
FILES = {
    "figures/": N_(
        "every figure in every format; the `.html` files need `plotly.min.js` beside them"
    ),
    "figures.ipynb": N_("a notebook that trains the network again and draws the same figures"),
    "beamer.tex": N_("slides for pdflatex: `pdflatex beamer.tex`"),
    "slides.qmd": N_("slides for Quarto and reveal.js: `quarto render slides.qmd`"),
    "settings.json": N_("all settings; `rnnviz train settings.json` trains the same network"),
    "metrics.csv": N_("loss, metric, gradient norm and learning rate of every step"),
}
MARKS = re.compile(r"([\\`*_{}\[\]()#+!|<>~$@^&:\"-])")


@dataclass(frozen=True)
class BundledFigure:
    """A figure of the bundle: where it comes from, its words, and the formats it is there in."""

    view: str
    title: str
    alt: str
    source: Source
    formats: tuple[str, ...]


@dataclass(frozen=True)
class Lecture:
    """All that the texts of a bundle speak of."""

    run: Run
    step: int
    look: Look
    figures: Sequence[BundledFigure]
    left_out: Mapping[str, str]
    """A view, or a format, that is not there -> why."""
    link: str = ""


def readme(lecture: Lecture) -> str:
    """Return what is in the bundle, and from what it was made."""
    run = lecture.run
    lines = [
        f"# {_said(title_of(lecture))}",
        "",
        t("Run `{run}`, training step {step:,}.", run=run.id, step=lecture.step),
    ]
    if lecture.link:
        lines += ["", t("It was made from <{address}>.", address=_address(lecture.link))]
    lines += ["", f"| {t('file')} | {t('what it is')} |", "|---|---|"]
    lines += [f"| `{name}` | {t(what)} |" for name, what in FILES.items()]
    lines += ["", f"## {t('Figures')}", ""]
    for each in lecture.figures:
        lines.append(f"- `{each.view}`: {_said(each.alt)}")
    if lecture.left_out:
        lines += ["", f"## {t('What is not here')}", ""]
        lines += [f"- `{what}`: {_said(why)}" for what, why in lecture.left_out.items()]
    same = t(
        "Seed {seed}. The same settings with the same versions give the same numbers.",
        seed=run.settings.seed,
    )
    lines += ["", f"## {t('Settings')}", "", same, "", "```json"]
    settings = json.dumps(run.settings.model_dump(), indent=2)
    lines += [settings, "```", "", f"## {t('Versions')}", ""]
    lines += [f"- {name} {number}" for name, number in versions().items()]
    return "\n".join([*lines, ""])


def versions() -> dict[str, str]:
    """Return name -> version of what the numbers come from."""
    found = {"rnnviz": version(), "Python": platform.python_version()}
    return found | {name: metadata.version(name) for name in VERSIONS}


def notebook(lecture: Lecture) -> str:
    """Return a Jupyter notebook (nbformat 4.5) that trains once and draws every figure."""
    sources = [each.source for each in lecture.figures]
    kept = sorted({lecture.step, *(step for source in sources for step in source.kept)})
    trained = max([0, *(source.trained for source in sources)])
    rates = next((dict(source.rates) for source in sources if source.rates), {})
    more = "".join(
        f", {name}={value!r}" for name, value in (("trained", trained), ("rates", rates)) if value
    )
    phases = next((source.phases for source in sources if source.phases), {})
    more += f", phases={phases_code(phases)}" if phases else ""
    what = t(
        "It trains the network again, which takes as long as it did, and then draws; the package "
        "rnnviz has to be installed."
    )
    cells = [
        _cell("markdown", f"# {_said(title_of(lecture))}\n\n{what}"),
        _cell("code", "import rnnviz\nfrom rnnviz.export import Retrained"),
        _cell("code", f"settings = {settings_code(lecture.run.settings)}\n"
              f"network = Retrained(settings, {kept!r}{more})"),
    ]  # fmt: skip
    for each in lecture.figures:
        cells.append(_cell("markdown", f"## {_said(each.title)}\n\n{_said(each.alt)}"))
        said = [repr(each.view), f"step={each.source.step}"]
        if each.source.choice:
            said.append(f"choice={dict(each.source.choice)!r}")
        last = each.view
        if each.view == "anatomy":  # a drawing, not a plotly figure
            last = 'rnnviz.export.save(anatomy, "anatomy.svg")'
        code = f"{each.view} = network.figure({', '.join(said)})\n{last}"
        cells.append(_cell("code", code))
    cells.append(_cell("code", "network.close()"))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5},
        indent=1,
    )


def beamer(lecture: Lecture) -> str:
    """Return slides for pdflatex, a frame a figure."""
    lines = [
        "% " + comment_of(f"{title_of(lecture)}, run {lecture.run.id}, step {lecture.step}"),
        r"\documentclass[aspectratio=169]{beamer}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{textcomp}",
        r"\setbeamertemplate{navigation symbols}{}",
        r"\begin{document}",
    ]
    for each in lecture.figures:
        file = _picture(each, ("pdf", "png"))
        if not file:
            continue
        size = r"width=\paperwidth,height=\paperheight,keepaspectratio"
        head = [r"\begin{frame}[plain]"]
        if not lecture.look.title:
            size = r"width=\textwidth,height=0.85\textheight,keepaspectratio"
            head = [r"\begin{frame}", rf"  \frametitle{{{tex_of(each.title)}}}"]
        lines += [
            "", *head, r"  \centering",
            *([r"  \makebox[\linewidth]{"] if lecture.look.title else []),
            rf"  \includegraphics[{size}]{{figures/{file}}}",
            *(["  }"] if lecture.look.title else []),
            rf"  \note{{{tex_of(each.alt)}}}", r"\end{frame}",
        ]  # fmt: skip
    return "\n".join([*lines, "", r"\end{document}", ""])


def quarto(lecture: Lecture) -> str:
    """Return slides for Quarto and reveal.js, a slide a figure."""
    subtitle = t("run {run}, training step {step}", run=lecture.run.id, step=lecture.step)
    lines = [
        "---",
        f"title: {json.dumps(title_of(lecture))}",
        f"subtitle: {json.dumps(subtitle)}",
        *([] if language() == "en" else [f"lang: {language()}"]),
        "format:",
        "  revealjs:",
        "    width: 1280",
        "    height: 720",
        "---",
    ]
    for each in lecture.figures:
        file = _picture(each, ("svg", "png"))
        lines += ["", f"## {_said(each.title) if not lecture.look.title else ''}".rstrip(), ""]
        if file:
            says = re.sub(r'["\\]', "", each.alt)
            lines.append(f'![](figures/{file}){{fig-alt="{_said(says, quoted=True)}"}}')
        if "html" in each.formats:
            # a comment, so that whoever wants the picture that moves has its line ready
            lines += ["", f'<!-- {t("interactive")}: <iframe src="figures/{each.view}.html" '
                      'width="1200" height="620"></iframe> -->']  # fmt: skip
        lines += ["", "::: {.notes}", _said(each.alt), ":::"]
    return "\n".join([*lines, ""])


def title_of(lecture: Lecture) -> str:
    """Return what the lecture is of: the run's name, or its cell and task."""
    settings = lecture.run.settings
    return lecture.run.name or t(
        "{cell} on the task {task}", cell=settings.cell.upper(), task=settings.task
    )


def _picture(each: BundledFigure, formats: tuple[str, ...]) -> str:
    return next((f"{each.view}.{format}" for format in formats if format in each.formats), "")


def _cell(kind: str, text: str) -> dict[str, Any]:
    """Return a notebook's cell."""
    made: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text}
    return made if kind == "markdown" else {**made, "execution_count": None, "outputs": []}


def _said(text: str, *, quoted: bool = False) -> str:
    """Return text that Markdown shows as it is: none of its signs and no HTML in it is read."""
    plain = re.sub(r"\s+", " ", text)
    if quoted:
        return re.sub(r"[<>{}]", "", plain)
    return MARKS.sub(r"\\\1", plain).replace("\\-", "-").replace("\\:", ":")


def _address(link: str) -> str:
    return re.sub(r"[<>\s]", "", link)
