"""Reading a run file that may come from anybody (archive_writer.py says what is in one).

What does not look exactly as `write_archive` writes it is refused before anything is kept of it:
nothing is unpickled or unpacked to a disk, no more is read than a run may have, and the weights
have to fit the settings.
"""

import io
import json
import math
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rnnviz.data.sets import MOST_PREPARED, DataSet
from rnnviz.data.sources import DataSource, InMemory
from rnnviz.errors import RnnvizError, RunError
from rnnviz.settings import Settings
from rnnviz.store.archive_writer import (
    COLUMNS,
    DATA,
    FORMAT,
    MANIFEST,
    METRICS,
    MOST_BYTES,
    README,
    SETTINGS,
    VERSION,
    Archived,
    Manifest,
    files_of,
)
from rnnviz.store.origin import DEEPEST, phases
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.words import Words

if TYPE_CHECKING:
    from rnnviz.tasks import Task

MOST_CONTENT = 2 * MOST_BYTES
"""Bytes of all that is in a file, but for the metrics, which are read line by line."""
MOST_TEXT = 2**20
"""Bytes of each JSON file, and of the text file."""
MOST_FILES = 1000
LONGEST_LINE = 400
ALWAYS = tuple(COLUMNS.index(name) for name in ("loss", "gradient_norm", "lr", "seconds"))
"""Columns that every step has."""
_NUMBERS = re.compile(rb"[0-9]+(,[0-9.e+-]*)*")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""What Python's zipfile raises at files that are damaged, encrypted or packed in other ways."""


class Rows:
    """The metrics of a run, row by row, in little memory."""

    def __init__(self, numbers: "array[float]") -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self._numbers) // len(COLUMNS)

    def __iter__(self) -> Iterator[Sequence[float | None]]:
        """Yield the rows in the order of their steps."""
        width = len(COLUMNS)
        for start in range(0, len(self._numbers), width):
            step, *others = self._numbers[start : start + width]
            yield int(step), *(None if math.isnan(each) else each for each in others)


def read_archive(data: bytes, source: DataSource | None = None) -> Archived:
    """Return the run in a file, wherever it comes from.

    Parameters
    ----------
    source : DataSource, optional
        Who has the run's data set if it is not in the file: the store that takes the run. What
        this script has added if None.

    Raises
    ------
    RunError
        If it is no run, is damaged or too large, is of a newer rnnviz, or does not fit together.
    """
    if len(data) > MOST_BYTES:
        raise RunError(
            "A run file of {size:.0f} MB is too large: at most "
            "{most} MB can be opened; download it with its newest checkpoint alone.",
            size=len(data) / 2**20,
            most=MOST_BYTES // 2**20,
        )
    # every entry of a zip's directory begins with these bytes; reading a million of them is slow
    if data.count(b"PK\x01\x02") > MOST_FILES:
        raise RunError(
            "The file holds more than {most} files: no run has so many.",
            most=MOST_FILES,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _read(file, source)
    except RnnvizError:
        raise
    except _DAMAGE as error:
        said = str(error).strip().rstrip(".")[:200] or type(error).__name__
        raise _damaged(said) from None


def _read(file: zipfile.ZipFile, source: DataSource | None) -> Archived:
    infos = {info.filename: info for info in file.infolist() if not _is_folder(info)}
    if len(infos) + sum(map(_is_folder, file.infolist())) < len(file.infolist()):
        raise _damaged(Words("a file is in it twice"))
    if MANIFEST not in infos:
        raise _damaged(Words("it has no {file}", file=MANIFEST))
    manifest = _manifest(_json(file, infos[MANIFEST]))
    expected = [MANIFEST, SETTINGS, METRICS]
    expected += [name for step in manifest.checkpoints for name in files_of(step)]
    foreign = sorted(set(infos) - set(expected) - {README, DATA})
    if foreign:
        raise RunError(
            "The file holds {file!r}, which no run has: open a file that rnnviz wrote.",
            file=foreign[0][:80],
        )
    missing = sorted(set(expected) - set(infos))
    if missing:
        raise _damaged(Words("it has no {file}", file=missing[0]))
    if sum(info.file_size for name, info in infos.items() if name != METRICS) > MOST_CONTENT:
        raise RunError("What is packed in the file is too large: open a file that rnnviz wrote.")
    if README in infos:
        _bytes(file, infos[README], MOST_TEXT)
    try:
        settings = Settings.recorded(_json(file, infos[SETTINGS]))
        settings.replace(lr=manifest.lr)
        phases(settings, manifest.origin)
    except RnnvizError as error:
        raise RunError("The settings in the file cannot be used: {error}", error=error) from None
    _check_steps(manifest, settings)
    data = _data(file, infos, settings)
    task = _task(settings, data, source)
    from rnnviz.training.checkpoint_check import check_fits  # here, because it brings torch

    table = _table(file, infos[METRICS], manifest.step)
    checkpoints = _checkpoints(file, infos, manifest.checkpoints)
    try:
        check_fits(settings, checkpoints, task, manifest.origin.step if manifest.origin else 0)
    except RunError as error:
        raise RunError("A checkpoint in the file cannot be used: {error}", error=error) from None
    return Archived(manifest, settings, table, checkpoints, data)


def _data(
    file: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo], settings: Settings
) -> DataSet | None:
    """Read the data set, if there is one."""
    if DATA not in infos:
        return None
    found = DataSet.from_bytes(_bytes(file, infos[DATA], MOST_PREPARED))
    if found.key != settings.data:
        raise _damaged(Words("its data set is not the one that its settings name"))
    return found


def _task(settings: Settings, data: DataSet | None, source: DataSource | None) -> "Task":
    """Return the task of the settings, which can be made of its data set."""
    from rnnviz.tasks import task_of  # here, because it brings torch

    if data is not None:
        source = InMemory()
        source.add(data)
    if not settings.data:
        return task_of(settings)
    try:
        task = task_of(settings, source)
        task.batch(1, 1), task.probe(), task.validation()
    except RnnvizError as error:
        raise RunError("The run's data set cannot be used: {error}", error=error) from None
    except Exception as error:  # whatever a reader of prepared data stumbles over
        raise _damaged(Words("its data set is none, {fault}", fault=type(error).__name__)) from None
    return task


def _check_steps(manifest: Manifest, settings: Settings) -> None:
    """Refuse steps that no run can have."""
    kept, origin = manifest.checkpoints, manifest.origin
    possible = manifest.step <= settings.steps and kept == sorted(set(kept))
    possible &= not kept or kept[-1] <= manifest.step
    if origin is not None:
        possible &= origin.depth() <= DEEPEST + 1 and bool(kept) and kept[-1] >= origin.step
    while origin is not None:
        possible &= origin.origin is None or origin.origin.step <= origin.step
        origin = origin.origin
    if not possible:
        raise _damaged(Words("its steps contradict each other"))


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # A file that was unpacked and packed again names its folders.
    return re.fullmatch(r"checkpoints/([0-9]+/)?", info.filename) is not None and not info.file_size


def _bytes(file: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """Read one file of at most so many bytes; zipfile reads no more than it says it has."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged(Words("{file} is packed in an unknown way", file=info.filename))
    if info.file_size > most:
        raise _damaged(Words("{file} is too large", file=info.filename))
    found = file.read(info)
    if len(found) != info.file_size:
        raise _damaged(Words("{file} ends too early", file=info.filename))
    return found


def _json(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number")

    try:
        found = json.loads(_bytes(file, info, MOST_TEXT), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if isinstance(error, RnnvizError):
            raise
        raise _damaged(
            Words("{file}: {fault}", file=info.filename, fault=str(error)[:200])
        ) from None
    if not isinstance(found, dict):
        raise _damaged(Words("{file} is no JSON object", file=info.filename))
    return found


def _manifest(found: dict[str, Any]) -> Manifest:
    version = found.get("version")
    if found.get("format") != FORMAT or type(version) is not int or version < 1:
        raise _damaged(Words("its manifest is none of a run"))
    if version > VERSION:
        raise RunError(
            "This run file was made by a newer rnnviz (format {version}, this one reads "
            "{known}): update rnnviz to open it.",
            version=version,
            known=VERSION,
        )
    try:
        return Manifest(**found)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise _damaged(
            Words(
                "{file}: {field}, {fault}",
                file=MANIFEST,
                field=wrong["loc"][0],
                fault=wrong["msg"].lower(),
            )
        ) from None


def _table(file: zipfile.ZipFile, info: zipfile.ZipInfo, steps: int) -> Rows:
    """Read the metrics: exactly the steps from 1 to the last."""
    numbers = array("d")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged(Words("{file} is packed in an unknown way", file=METRICS))
    with file.open(info) as packed, io.BufferedReader(packed) as lines:  # type: ignore[type-var]
        if lines.readline(LONGEST_LINE).rstrip(b"\r\n").decode("latin-1") != ",".join(COLUMNS):
            raise _damaged(Words("the columns of {file} are not those of a run", file=METRICS))
        for step in range(1, steps + 1):
            line = lines.readline(LONGEST_LINE).rstrip(b"\r\n")
            cells = line.split(b",")
            if not _NUMBERS.fullmatch(line) or len(cells) != len(COLUMNS):
                raise _damaged(
                    Words(
                        "{file}, line {line}: no row of {count} numbers",
                        file=METRICS,
                        line=step + 1,
                        count=len(COLUMNS),
                    )
                )
            if cells[0] != b"%d" % step:
                raise _damaged(
                    Words(
                        "{file}, line {line}: step {step} has to be here",
                        file=METRICS,
                        line=step + 1,
                        step=step,
                    )
                )
            try:
                row = [float(cell) if cell else math.nan for cell in cells]
            except ValueError:
                raise _damaged(
                    Words("{file}, line {line}: not a number", file=METRICS, line=step + 1)
                ) from None
            if any(math.isnan(row[place]) for place in ALWAYS):
                raise _damaged(
                    Words(
                        "{file}, line {line}: a number is missing",
                        file=METRICS,
                        line=step + 1,
                    )
                )
            if any(map(math.isinf, row)):
                raise _damaged(
                    Words(
                        "{file}, line {line}: a number is too large",
                        file=METRICS,
                        line=step + 1,
                    )
                )
            numbers.extend(row)
        if lines.read(1):  # at the end its checksum is looked at, too
            raise _damaged(Words("{file} has more rows than the run has steps", file=METRICS))
    return Rows(numbers)


def _checkpoints(
    file: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo], steps: Iterable[int]
) -> list[Checkpoint]:
    found = []
    for step in steps:
        weights, optimizer = (_bytes(file, infos[name], MOST_CONTENT) for name in files_of(step))
        found.append(Checkpoint(step, weights, optimizer))
    return found


def _damaged(why: Words | str) -> RunError:
    return RunError(
        "The file is no run of rnnviz, or it is damaged ({why}): download it again.", why=why
    )
