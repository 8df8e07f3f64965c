"""The net under a change of the code: draw everything, from fixed numbers, and compare.

    python tests/net.py keep FILE              # before
    python tests/net.py compare FILE           # after: what differs, where, and how
    python tests/net.py compare FILE OTHER     # two kept files

A change that is to change nothing leaves the messages of every view as they were, and the files
of every export format, the tables of the run store, and the weights at the end of a training.
`tests/test_net.py` holds that nothing new stays outside.
"""

import argparse
import gzip
import hashlib
import io
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.errors import RnnvizError
from rnnviz.export.formats import FORMATS, render
from rnnviz.export.shown import drawing, source_of
from rnnviz.looks import draw
from rnnviz.networks.cells import CELLS
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store import schema
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery
from tests.net_subjects import SMALL, SUBJECTS, Subject, trained

PICTURES = ("gates", "loss", "distribution", "anatomy")
"""Pixels, lines, areas and a drawn cell: what is exported in every format."""
LONG = 100_000
"""Characters of a line that somebody else wrote, such as a library: only its digest is kept."""


@contextmanager
def unhurried() -> Iterator[None]:
    """Let views measure in one message what they would measure in several."""
    found = [module for name, module in sys.modules.items() if name.startswith("rnnviz.")]
    hurried = {module: module.BUDGET for module in found if hasattr(module, "BUDGET")}
    for module in hurried:
        module.BUDGET = float("inf")
    try:
        yield
    finally:
        for module, seconds in hurried.items():
            module.BUDGET = seconds


@contextmanager
def a_store() -> Iterator[RunStore]:
    """Open a store that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(f"sqlite:///{folder}/runs.db")
        try:
            yield store
        finally:
            store.close()


def messages(subjects: Mapping[str, Subject] = SUBJECTS) -> Iterator[tuple[str, Any]]:
    """Draw every view of each subject; yield the name of the message and what is in it."""
    for name, message, looked_at in drawings(subjects):
        yield name, plain(message, looked_at)


def drawings(
    subjects: Mapping[str, Subject],
) -> Iterator[tuple[str, Mapping[str, Any], str | None]]:
    """Yield the name of each message, the message itself, and what chance named in it."""
    for name, subject in subjects.items():
        with a_store() as store, unhurried():
            looked_at = subject.begin(store) if subject.begin else None
            gallery = Gallery(store)
            for words, query in subject.asked.items():
                for view in subject.looks():
                    message = whole(gallery, view, looked_at, subject.draft, Choice.of(query))
                    yield " · ".join(filter(None, (name, words, view))), message, looked_at


def whole(
    gallery: Gallery, view: str, run: str | None, draft: Settings | Plan | None, choice: Choice
) -> Mapping[str, Any]:
    """Draw a view until nothing is unfinished, or return why it cannot be."""
    try:
        message = draw(gallery, view, run, draft, choice)
        while message.get("unfinished"):
            message = draw(gallery, view, run, draft, choice)
    except RnnvizError as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    return message


def plain(value: Any, name: str | None) -> Any:
    """Return what JSON has: floats of nine digits, and "it" in the place of what chance named."""
    if isinstance(value, Mapping):
        return {str(key): plain(each, name) for key, each in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(each, name) for each in value]
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.9g}") if value - value == 0 else str(value)
    return str(value).replace(name, "it") if name else str(value)


def files() -> Iterator[tuple[str, Any]]:
    """Export some pictures in every format."""
    with a_store() as store:
        run = trained(store, SMALL)
        for view in PICTURES:
            figure = drawing(Gallery(store), view, run, None, Choice())
            source = source_of(store, view, run, None, Choice(), 60, "http://here/")
            for ending in FORMATS:
                yield f"file {view}.{ending}", exported(figure, ending, source)


def exported(figure: Mapping[str, Any], ending: str, source: Any) -> Any:
    """Return what is in a picture's file, or why there is none."""
    try:
        file = render(figure, ending, preset="column", scale=1, source=source)
    except RnnvizError as error:
        return {"refused": str(error)}
    return without_times(file, ending)


def without_times(file: bytes, ending: str) -> Any:
    """Return what is in a file, as text where it is some, without when it was made."""
    if ending == "png":
        picture = Image.open(io.BytesIO(file)).convert("RGBA")
        return {"size": list(picture.size), "pixels": digest(picture.tobytes())}
    if ending == "pptx":
        return parts(file)
    if ending == "pdf":
        return digest(re.sub(rb"/(Creation|Mod)Date \(.*?\)", b"", file))
    written = file.decode()
    names = "(?:topdefs-|-cb|scatter trace)([0-9a-f]{6})"  # plotly.js draws them by lot
    for chance in set(re.findall(names, written)):
        written = written.replace(chance, "it")
    lines = written.replace("><", ">\n<").splitlines()
    return [line if len(line) < LONG else digest(line.encode()) for line in lines]


def parts(file: bytes) -> dict[str, Any]:
    """Return what tells the parts of an office file from others, but for that with the time."""
    with zipfile.ZipFile(io.BytesIO(file)) as inside:
        return {
            name: parts(data) if name.endswith(".xlsx") else digest(data)
            for name in sorted(inside.namelist())
            if name != "docProps/core.xml" and (data := inside.read(name)) is not None
        }


def digest(data: bytes) -> str:
    """Return what tells these bytes from others."""
    return hashlib.sha256(data).hexdigest()


def tables() -> Iterator[tuple[str, Any]]:
    """Return the statements that make the tables of a store, in each kind of database."""
    with a_store() as store:
        engine = create_engine(store.url)
        with engine.connect() as connection:
            made = connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))
            yield "tables sqlite", {row.name: row.sql for row in made}
        engine.dispose()
    dialect = postgresql.dialect()
    yield (
        "tables postgresql",
        {
            table.name: str(CreateTable(table).compile(dialect=dialect))
            for table in schema.meta.metadata.sorted_tables
        },
    )


def weights() -> Iterator[tuple[str, Any]]:
    """Train one run of each cell; return its weights and its optimizer, to the bit."""
    for cell in CELLS:
        trainer = Trainer(SMALL.replace(cell=cell, layers=2, dropout=0.2))
        for _ in range(30):
            trainer.advance()
        checkpoint = trainer.checkpoint()
        made = {"weights": checkpoint.weights, "optimizer": checkpoint.optimizer}
        yield f"trained {cell}", {name: digest(data) for name, data in made.items()}


def drawn() -> dict[str, Any]:
    """Return everything, by name."""
    torch.set_num_threads(1)
    return {
        name: thing for part in (messages(), files(), tables(), weights()) for name, thing in part
    }


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two things differ, and what is there in each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            here = f"{path}.{key}" if path else key
            yield from differences(old.get(key, "nothing"), new.get(key, "nothing"), here)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{path}.{place}")
    elif (type(old), old) != (type(new), new):
        yield path, old, new


def report(old: Mapping[str, Any], new: Mapping[str, Any], ignored: list[str]) -> int:
    """Print the first difference of each message that has one; return how many there are."""
    found = 0
    for name in {**old, **new}:
        differing = (
            each
            for each in differences(old.get(name, "nothing"), new.get(name, "nothing"))
            if not any(fnmatch(f"{name} · {each[0]}", pattern) for pattern in ignored)
        )
        if first := next(differing, None):
            path, before, after = (str(each)[:300] for each in first)
            print(f"{name}\n    {path or 'all of it'}\n    - {before}\n    + {after}")
            found += 1
    print(f"{found} of {len({**old, **new})} differ.")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("keep", "compare"))
    parser.add_argument("file", type=Path, help="such as before.json.gz")
    parser.add_argument("other", type=Path, nargs="?", help="compare with this, and draw nothing")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="PATTERN",
        help="of 'message · path', such as '*layout.meta*'",
    )  # fmt: skip
    asked = parser.parse_args()
    if asked.what == "keep":
        asked.file.write_bytes(gzip.compress(json.dumps(drawn()).encode(), 6, mtime=0))
        return 0
    kept_before = read(asked.file)
    return bool(report(kept_before, read(asked.other) if asked.other else drawn(), asked.ignore))


def read(file: Path) -> dict[str, Any]:
    """Return what was kept."""
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return found


if __name__ == "__main__":
    sys.exit(main())
