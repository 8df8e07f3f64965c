"""The messages themselves: all are collected, and each of their places is given its value."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from rnnviz import errors
from tools import words

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {name for name in dir(errors) if name.endswith("Error")} - {"DivergedError"}
MESSAGES = {"t": 1, "Words": 1, "tn": 2, "Many": 2, **dict.fromkeys(ERRORS, 1)}
"""What takes a message -> how many literals come first: one, or one for one and one for many."""


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def places(message: str) -> set[str]:
    """The names of a message's places, those inside a format too."""
    found = set()
    for _, name, spec, _ in string.Formatter().parse(message):
        if name is not None:
            found.add(name)
            found |= places(spec or "")
    return found


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call that takes a message: where it is, the call, what is called."""
    for path in words.sources():
        if path.suffix == ".py" and path.parent != words.FOLDER:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    if node.func.id in MESSAGES and node.args:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node, node.func.id


def test_every_place_has_its_value_and_every_value_a_place():
    wrong = []
    for where, call, name in calls():
        literals = [literal(argument) for argument in call.args[: MESSAGES[name]]]
        given = {keyword.arg for keyword in call.keywords}
        if None in given or None in literals:
            continue  # values passed on, or a constant marked where it is written
        if name in ("tn", "Many"):
            given.add("count")
        if not given:
            continue  # said as it is
        asked = set().union(*(places(message) for message in literals if message))
        if asked - given or given - asked - {"count"}:
            wrong.append(f"{where}: places {sorted(asked)}, values {sorted(map(str, given))}")
    assert not wrong, "\n".join(wrong)


def test_no_message_is_made_where_it_is_said():
    """An f-string, a sum or a .format() is never found in the catalogue."""
    made = (ast.JoinedStr, ast.BinOp)
    wrong = [
        where
        for where, call, name in calls()
        if any(isinstance(argument, made) for argument in call.args[: MESSAGES[name]])
    ]
    assert not wrong, "\n".join(wrong)


def test_messages_are_collected_from_python_and_scripts():
    catalog = words.collected()
    origins = {place for entry in catalog for place, _ in entry.locations}
    assert {"rnnviz/refusals.py", "assets/menu.js"} <= origins
    plural = [entry for entry in catalog if isinstance(entry.id, tuple)]
    assert len(catalog) > 1000 and len(plural) > 10


def test_a_translation_has_the_places_of_its_message():
    wrong = []
    for path in sorted(words.FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem)
        for entry in catalog:
            if entry.id and entry.string:
                ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
                said = entry.string if isinstance(entry.string, tuple) else (entry.string,)
                allowed = set().union(*(places(text) for text in ids))
                wrong += [f"{path.name}: {text}" for text in said if places(text) - allowed]
    assert not wrong, "\n".join(wrong)


def test_the_same_messages_give_the_same_file(tmp_path):
    for name in ("one", "two"):
        with (tmp_path / name).open("wb") as file:
            words.write(words.collected(), file)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
