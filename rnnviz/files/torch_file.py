"""torch's own files (.pt, .pth, .ckpt), read so that nothing is executed and sizes are true.

`torch.save` writes a zip: ``<name>/data.pkl`` says which tensors there are, ``<name>/data/<key>``
are their bytes. torch.load trusts the sizes that it finds there, also with ``weights_only=True``.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from rnnviz.errors import ModelError
from rnnviz.files.torch_pickle import ONLY_WEIGHTS, TensorView, unpickled

MOST_PICKLED = 2 * 2**20
"""Bytes of data.pkl: some ten thousand tensors."""
MOST_NAMES = 10_000
DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
}
"""Storages of numbers that weights can be; all others are known as something else."""


@dataclass(frozen=True)
class Stored:
    """A tensor in a file that has not been read yet: its shape, and how to read it."""

    shape: tuple[int, ...]
    read: Callable[[], Tensor]


def read_torch(archive: zipfile.ZipFile, pickled: str) -> dict[str, Stored]:
    """Return the tensors of numbers in a torch file, by their names in its dicts.

    Parameters
    ----------
    archive : ZipFile
    pickled : str
        The name of data.pkl in it.

    Raises
    ------
    ModelError
        If the file holds more than weights, is damaged, or claims what it does not hold.
    """
    folder = pickled.removesuffix("data.pkl")
    order = f"{folder}byteorder"
    if order in archive.namelist() and whole(archive, order, 16) == b"big":
        raise ModelError("This file's numbers are big-endian: save it on another machine.")
    data = whole(archive, pickled, MOST_PICKLED)
    found: dict[str, Stored] = {}
    for name, view in _named(unpickled(data)).items():
        if view.storage.dtype in DTYPES:
            found[name] = Stored(view.size, lambda view=view: _read(archive, folder, view))  # type: ignore[misc]
    return found


def whole(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a member of an archive that torch wrote, which packs nothing.

    Raises
    ------
    ModelError
        If it is packed, larger than `most` bytes, or damaged.
    """
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
        raise ModelError(
            "This file is not as torch writes one ({name}): {instead}",
            name=name[:80],
            instead=ONLY_WEIGHTS,
        )
    try:
        data = archive.read(name)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError):
        raise ModelError("This file is damaged: save it again.") from None
    if len(data) != info.file_size:
        raise ModelError("This file is damaged: it ends too early. Save it again.")
    return data


def _read(archive: zipfile.ZipFile, folder: str, view: TensorView) -> Tensor:
    """Return a tensor, all of whose numbers are in the file."""
    storage, dtype = view.storage, DTYPES[view.storage.dtype]
    name = f"{folder}data/{storage.key}"
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ModelError("This file is damaged: it lacks the numbers of a tensor.") from None
    size = storage.count * dtype.itemsize
    if info.file_size != size:
        raise ModelError(
            "This file claims {count:,} numbers where it holds {size:,} bytes: "
            "it is damaged; save it again.",
            count=storage.count,
            size=info.file_size,
        )
    last = view.offset + sum((n - 1) * s for n, s in zip(view.size, view.stride, strict=True))
    if not 0 < prod(view.size) <= storage.count or not 0 <= last < storage.count:
        raise ModelError("This file is damaged: a tensor lies outside its numbers.")
    flat = torch.frombuffer(bytearray(whole(archive, name, size)), dtype=dtype)
    return flat.as_strided(view.size, view.stride, view.offset).contiguous()


def _named(root: object) -> dict[str, TensorView]:
    """Return the tensors of nested dicts, their keys joined by dots; each dict is seen once."""
    found: dict[str, TensorView] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", root)]
    while waiting and len(found) < MOST_NAMES:
        path, each = waiting.pop()
        if isinstance(each, TensorView):
            found[path] = each
        elif isinstance(each, dict) and id(each) not in seen and path.count(".") < 40:
            seen.add(id(each))
            for key, value in each.items():
                if isinstance(key, str) and len(key) < 500:
                    waiting.append((f"{path}.{key}" if path else key, value))
    return dict(reversed(found.items()))
