"""A file of weights that somebody brings: which tensors are in it, without running any of it.

Read are safetensors, what `torch.save(model.state_dict())` writes, and a zip that holds either.
A tensor's numbers are read when they are asked for, and never more than the file holds.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor

from rnnviz.errors import ModelError
from rnnviz.torchfile import MOST_NAMES, Stored, read_torch

MOST_HEADER = 2 * 2**20
"""Bytes of a safetensors header that are read."""
MOST_UNPACKED = 64 * 2**20
"""Bytes of the weights in a packed zip."""
MOST_MEMBERS = 10_000
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
}  # fmt: skip
SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "I32": 4,
    "U32": 4, "I64": 8, "U64": 8,
}  # fmt: skip
KNOWN = "a .safetensors file, a .pt or .pth file of a state_dict, or a trace (.npz)"
WRAPPERS = ("state_dict.", "model_state_dict.")


def is_trace(data: bytes) -> bool:
    """Return whether a file may be a trace: a zip with numpy's members."""
    archive = _zip(data)
    return archive is not None and any(name.endswith(".npy") for name in archive.namelist())


def read_weights(data: bytes) -> dict[str, Stored]:
    """Return the tensors of numbers in a file of weights, by name.

    Raises
    ------
    ModelError
        If it is none, is damaged, claims what it does not hold, or wants something to be run.
    """
    archive = _zip(data)
    if archive is not None:
        found = _of_zip(archive)
    elif data[:1] == b"\x80":
        raise ModelError(
            "This is a pickle, or torch's format from before version 1.6, and is not read, because "
            "that would run it: save it again with torch.save(model.state_dict(), path)."
        )
    elif data[:8] == b"\x89HDF\r\n\x1a\n":
        raise ModelError(
            "This is an HDF5 file, as Keras writes them: bring the weights of a PyTorch model."
        )
    elif data[8:9] == b"{":
        found = _of_safetensors(data)
    else:
        raise ModelError(f"This is no file of weights: bring {KNOWN}.")
    if not found:
        raise ModelError("There are no floating-point weights in this file.")
    for wrapper in WRAPPERS:  # as training programs keep them beside other things
        inner = {name.removeprefix(wrapper): each for name, each in found.items()
                 if name.startswith(wrapper)}  # fmt: skip
        found = inner or found
    return found


def _zip(data: bytes) -> zipfile.ZipFile | None:
    """Return the archive that a file is, None if it is none."""
    if data[:4] != b"PK\x03\x04":
        return None
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise ModelError("This file is damaged: it ends too early, or was changed.") from None
    if len(archive.infolist()) > MOST_MEMBERS:
        raise ModelError(f"This file has over {MOST_MEMBERS:,} parts: bring the weights alone.")
    return archive


def _of_zip(archive: zipfile.ZipFile) -> dict[str, Stored]:
    names = archive.namelist()
    pickled = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if pickled:
        return read_torch(archive, min(pickled, key=len))
    inside = [name for name in names if name.endswith((".safetensors", ".pt", ".pth"))]
    if len(inside) == 1:
        return _packed(archive, inside[0])
    if any(name.endswith(".h5") for name in names):
        raise ModelError("This is a Keras model: bring the weights of a PyTorch model.")
    raise ModelError(f"This zip holds no one file of weights: bring {KNOWN}.")


def _packed(archive: zipfile.ZipFile, name: str) -> dict[str, Stored]:
    """Read the weights in a zip, as the Runs page gives them."""
    if archive.getinfo(name).file_size > MOST_UNPACKED:
        raise ModelError(
            f"The weights in this zip unpack to more than {MOST_UNPACKED // 2**20} MB: "
            "bring a smaller model."
        )
    try:
        data = archive.read(name)
    except Exception:  # a packed member can fail in as many ways as it was packed
        raise ModelError("This zip is damaged: download it again.") from None
    if data[:4] == b"PK\x03\x04":
        found = _zip(data)
        if found is not None and any(each.endswith("data.pkl") for each in found.namelist()):
            return _of_zip(found)
        raise ModelError("A zip within a zip is not read: unpack it first.")
    return _of_safetensors(data)


def _of_safetensors(data: bytes) -> dict[str, Stored]:
    size = int.from_bytes(data[:8], "little")
    if size > MOST_HEADER:
        raise ModelError(
            f"The header of this file claims {size:,} bytes: up to {MOST_HEADER:,} are read."
        )
    if size > len(data) - 8:
        raise ModelError("This file is damaged: it ends within its header. Save it again.")
    try:
        header = json.loads(data[8 : 8 + size])
        entries = {name: each for name, each in header.items() if name != "__metadata__"}
    except (ValueError, RecursionError, AttributeError):
        raise ModelError("This file is damaged: its header cannot be read.") from None
    if len(entries) > MOST_NAMES:
        raise ModelError(f"This file has {len(entries):,} tensors: up to {MOST_NAMES:,} are read.")
    body = memoryview(data)[8 + size :]
    found = {}
    for name, entry in entries.items():
        stored = _entry(name, entry, body)
        if stored is not None:
            found[name] = stored
    return found


def _entry(name: str, entry: Mapping[str, Any], body: memoryview) -> Stored | None:
    """Return a tensor that a header describes; None for one that is not of floating point."""
    try:
        kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        whole = all(type(number) is int and 0 <= number < 2**48 for number in (*shape, start, end))
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole or not isinstance(kind, str) or len(shape) > 16:
        raise ModelError(f"This file is damaged: its header does not say what {name[:80]} is.")
    each = DTYPES[kind].itemsize if kind in DTYPES else SIZES.get(kind)
    if each is None:
        return None
    if end > len(body) or end - start != prod(shape) * each:
        raise ModelError(
            f"This file is damaged: {name[:80]} should have {prod(shape):,} numbers, which are not "
            "there. Save it again."
        )
    return Stored(shape, lambda: _numbers(body[start:end], kind, shape)) if kind in DTYPES else None


def _numbers(body: memoryview, kind: str, shape: tuple[int, ...]) -> Tensor:
    return torch.frombuffer(bytearray(body), dtype=DTYPES[kind]).view(shape)
