"""Every sentence in the code goes through the catalogue, or stands here with the reason why not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.words import ERRORS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(
    path.stem
    for path in (ROOT / "rnnviz").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
)
ROOMS += ["pages"]
"""All modules and rooms of the package; `pages` is the folder beside it."""
COLLECTED = {"t": 1, "N_": 1, "Words": 1, "tn": 2, "Many": 2} | dict.fromkeys(ERRORS, 1)
"""What marks its first literals as messages."""
PROGRAMMERS = {
    "ValueError", "TypeError", "RuntimeError", "KeyError", "AttributeError", "NotImplementedError",
    "ImportError", "AssertionError",
}  # fmt: skip
"""Errors that tell whoever calls the library of a mistake in their own code."""
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "warn"}
PATTERNS = {"compile", "fullmatch", "search", "match", "sub", "split", "findall", "finditer"}
SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|SET|BEGIN|VACUUM|WHERE|REPEATABLE)\b"
)
CODE = re.compile(r"</|[;{]\s*[a-z-]+:\s|^(import|from|def) |\)$|\n +\w+ = |->|\w\(\w*\)|==")
PLACES = re.compile(r"(left|right|top|middle|bottom) (left|right|top|bottom|middle|center)")
PROSE = re.compile(r"[A-Za-z]{2,}[,;:.)]? +[(“\"']?[A-Za-z∂]")
KEY = "a key of a cache"
NOT_SAID = {
    # file, how the text begins: why nobody reads it in another language
    ("analysis/ordering.py", "time constant"): "a key of ORDERS",
    ("commands/common.py", "rnnviz: X"): "the program's name",
    ("data/columns.py", "jan feb"): "months as they stand in files",
    ("data/sets.py", "my data"): "the title of data without a name, which is kept with them",
    ("data/sets.py", "rnnviz data"): "the first key of a file",
    ("data/tables.py", "column "): "the name of a column that has none, which settings keep",
    ("export/bundle_texts.py", "X, run X, step X"): "a comment in the TeX that it writes",
    ("export/bundle_texts.py", "lang: X"): "the head of a document",
    ("export/bundle_texts.py", "subtitle: X"): "the head of a document",
    ("export/bundle_texts.py", "title: X"): "the head of a document",
    ("export/page.py", "<svg "): "HTML",
    ("export/script.py", ""): "the Python that it writes",
    ("export/tex.py", ""): "the TeX that it writes",
    ("export/tex_plots.py", ""): "the TeX that it writes",
    ("files/tensorboard.py", "X X X seed X"): "the name of a run's folder",
    ("files/tensorboard.py", "gradient norm"): "a tag: the name of a curve that runs share",
    ("files/tensorboard.py", "learning rate"): "a tag",
    ("files/torch_script.py", "(time, batch"): "a comment in the Python that it writes",
    ("looks/gradient_parameters.py", "parameter gradients"): KEY,
    ("looks/gradient_surface.py", "norms of X"): KEY,
    ("looks/initial_slopes.py", "initial slopes"): KEY,
    ("looks/translation_beam.py", "ln p = X"): "mathematics",
    ("looks/weights.py", "norms X"): KEY,
    ("notebook/show.py", "rnnviz at X"): "repr() of an object",
    ("plots/eigenvalues.py", "xX domain"): "an axis of Plotly's",
    ("plots/loss.py", "right X"): "a place of Plotly's",
    ("plots/prediction_cells.py", ""): "names of traces without a legend, and signs side by side",
    ("plots/prediction_curves.py", "XX X"): "signs side by side",
    ("plots/prediction_pictures.py", ""): "names of traces without a legend",
    ("plots/style.py", "Inter, "): "names of fonts",
    ("server/downloads.py", "attachment; "): "a header of HTTP",
    ("server/embed.py", ""): "headers of HTTP and styles",
    ("server/live.py", ""): "reasons why a socket closes, which browsers' logs alone show",
    ("server/visitors.py", "X=X; Path"): "a header of HTTP",
    ("store/archive_writer.py", "rnnviz run"): "the first value of a file",
    ("store/branching.py", "X, from step X"): "the first name of a run, its owner's to change",
    ("store/traces.py", "this machine"): "an owner, as the store keeps it",
    ("tasks/own_labels.py", "XX, X"): "a text and its class",
    ("training/progress_bar.py", "IProgress not found"): "how a warning of tqdm's begins",
    ("ui/data_window.py", "X, X kB, X"): "numbers and units",
    ("ui/own_model.py", "The quick brown fox"): "sample text",
    ("views/history.py", "unit means"): KEY,
    ("views/reading.py", "held out"): KEY,
    ("views/reading.py", "sample X"): KEY,
    ("views/reading.py", "text X"): KEY,
}
SAMPLES = {"typed_example", "prompt", "SENTENCES", "_CONTEXT"}
"""Names of what is sample text of a task: data, not words."""


def text_of(node: ast.expr) -> str:
    """What is written in a literal, with X for the values of an f-string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    assert isinstance(node, ast.JoinedStr)
    return "".join(text_of(part) if isinstance(part, ast.Constant) else "X" for part in node.values)


def is_prose(text: str) -> bool:
    """Whether these are two English words or more, and no code of another language."""
    bare = re.sub(r"<[^>]*>|&\w+;|%\{[^}]*\}|\{[^}]*\}|\S*[/\\_]\S*", " ", text)
    return bool(PROSE.search(bare)) and not (
        SQL.match(text) or CODE.search(text) or PLACES.fullmatch(text)
    )


def name_of(function: ast.expr) -> str:
    """The last part of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_a_log(function: ast.expr) -> bool:
    """Whether a line goes into the operator's log."""
    return name_of(function) in LOGS and "log" in ast.unparse(function).lower()


def sentences(node: ast.AST) -> Iterator[ast.expr]:
    """The literals that are prose and that nothing collects."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if is_prose(text_of(node)):
            yield node
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if {name_of(target) for target in targets} & SAMPLES:
            return
    left_out: set[ast.AST] = set()
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        if name in PROGRAMMERS or name in PATTERNS or is_a_log(node.func):
            return
        for message in node.args[: COLLECTED.get(name, 0)]:
            left_out.add(message)
            yield from made_of_values(message)
    elif isinstance(node, ast.AnnAssign | ast.arg | ast.FunctionDef | ast.AsyncFunctionDef):
        left_out |= {getattr(node, each, None) for each in ("annotation", "returns")} - {None}
    elif isinstance(node, ast.Subscript):
        left_out.add(node.slice)
    elif isinstance(node, ast.Dict):
        left_out |= set(node.keys) - {None}
    elif isinstance(node, ast.Compare | ast.JoinedStr):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node.left, *node.comparators]
        left_out |= {each for each in parts if isinstance(each, ast.Constant)}
    for child in ast.iter_child_nodes(node):
        if child not in left_out:
            yield from sentences(child)


def made_of_values(message: ast.expr) -> Iterator[ast.expr]:
    """The f-strings in a message: gettext cannot find what is only made when it runs."""
    for each in ast.walk(message):
        if isinstance(each, ast.JoinedStr) and is_prose(text_of(each)):
            yield each


def is_left_out(path: Path, text: str) -> bool:
    """Whether a text is among those that need no translation."""
    place = path.as_posix()
    return any(place.endswith(f"/{file}") and text.startswith(begin) for file, begin in NOT_SAID)


def files(room: str) -> list[Path]:
    """The files of a room."""
    if room == "pages":
        return sorted((ROOT / "pages").glob("*.py"))
    alone = ROOT / "rnnviz" / f"{room}.py"
    return [alone] if alone.is_file() else sorted((ROOT / "rnnviz" / room).glob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_is_collected(room):
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {text_of(node)[:70]}"
        for path in files(room)
        for node in sentences(ast.parse(path.read_text(encoding="utf-8")))
        if not is_left_out(path, text_of(node))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('print("Train a network")', 1), ('print(f"Train {a} network {b}")', 1),
        ('t("Train a network")', 0), ('t(f"Train a network {b}")', 1),
        ('t("Train {a}", a="no network")', 1), ('t("Train {a}", a=t("no network"))', 0),
        ('raise RunError("Train it first.")', 0), ('raise RunError(f"Train it {a} times.")', 1),
        ('raise ValueError("no such thing")', 0), ('_log.warning("The run %s failed.", a)', 0),
        ('def f():\n    """Train a network."""', 0), ('a: "Train it now" = 1', 0),
        ('re.compile("one or two")', 0), ('{"one or two": 1}', 0), ('a == "one or two"', 0),
        ('tn("{count} unit of it", "{count} units of it", 2)', 0), ('x("SELECT a FROM b")', 0),
        ('x(f"{t(\'one two\')}: {a}")', 0), ('x(f"{y(\'one two\')}: {a}")', 1),
        ('x(f"{a} and {b}")', 1),
    ],
)  # fmt: skip
def test_what_is_not_collected_is_found(source, count):
    assert len(list(sentences(ast.parse(source)))) == count
