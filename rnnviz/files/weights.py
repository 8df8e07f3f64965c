"""A file of weights that somebody brings: which tensors are in it, without running any of it.

Read are safetensors, by their own library; what `torch.save(model.state_dict())` writes; and a zip
that holds either. A tensor is made when it is asked for, and none holds more than the file does.
"""

import io
import zipfile
from functools import partial

import safetensors
import torch
from torch import Tensor

from rnnviz.errors import ModelError
from rnnviz.files.torch_file import MOST_NAMES, Stored, read_torch
from rnnviz.words import Words

MOST_HEADER = 2 * 2**20
"""Bytes of a safetensors header that are read."""
MOST_UNPACKED = 64 * 2**20
"""Bytes of the weights in a packed zip."""
MOST_MEMBERS = 10_000
MOST_AXES = 16
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
}  # fmt: skip
KNOWN = Words("a .safetensors file, a .pt or .pth file of a state_dict, or a trace (.npz)")
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
        raise ModelError("This is no file of weights: bring {known}.", known=KNOWN)
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
        raise ModelError(
            "This file has over {most:,} parts: bring the weights alone.",
            most=MOST_MEMBERS,
        )
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
    raise ModelError("This zip holds no one file of weights: bring {known}.", known=KNOWN)


def _packed(archive: zipfile.ZipFile, name: str) -> dict[str, Stored]:
    """Read the weights in a zip, as the Runs page gives them."""
    if archive.getinfo(name).file_size > MOST_UNPACKED:
        raise ModelError(
            "The weights in this zip unpack to more than {most} MB: bring a smaller model.",
            most=MOST_UNPACKED // 2**20,
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
            "The header of this file claims {size:,} bytes: up to {most:,} are read.",
            size=size,
            most=MOST_HEADER,
        )
    if size > len(data) - 8:
        raise ModelError("This file is damaged: it ends within its header. Save it again.")
    try:
        entries = safetensors.deserialize(data)
    except safetensors.SafetensorError:  # also where tensors overlap or leave bytes over
        raise ModelError(
            "This file is damaged: its header cannot be read, or does not fit the numbers that "
            "follow it. Save it again."
        ) from None
    if len(entries) > MOST_NAMES:
        raise ModelError(
            "This file has {count:,} tensors: up to {most:,} are read.",
            count=len(entries),
            most=MOST_NAMES,
        )
    return {
        name: Stored(tuple(entry["shape"]), partial(_numbers, **entry))
        for name, entry in entries
        if entry["dtype"] in DTYPES and entry["data"] and len(entry["shape"]) <= MOST_AXES
    }


def _numbers(data: bytearray, dtype: str, shape: list[int]) -> Tensor:
    return torch.frombuffer(data, dtype=DTYPES[dtype]).view(shape)
