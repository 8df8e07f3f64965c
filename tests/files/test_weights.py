"""Files of weights that somebody brings: read as torch reads them, and hostile ones refused."""

import io
import json
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy
import psutil
import pytest
import safetensors.torch
import torch
from torch import nn

import rnnviz
from rnnviz.errors import ModelError, TraceError
from rnnviz.files.find_layers import build_stack, embeddings_of, find_stacks
from rnnviz.files.weights import MOST_HEADER, is_trace, read_weights
from rnnviz.recording.packed_trace import accept_trace, pack_trace


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(128, 6)
        self.encoder = nn.LSTM(6, 5, 2, bidirectional=True)
        self.head = nn.Linear(10, 3)


def saved(what) -> bytes:
    file = io.BytesIO()
    torch.save(what, file)
    return file.getvalue()


def in_zip(packing=zipfile.ZIP_STORED, **members) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return file.getvalue()


torch.manual_seed(0)  # a number beyond 4 would be rounded by more than is allowed below
MODEL = Tagger()
WAYS = {
    "safetensors": lambda: safetensors.torch.save(MODEL.state_dict()),
    "state_dict": lambda: saved(MODEL.state_dict()),
    "checkpoint": lambda: saved(
        {"epoch": 3, "state_dict": MODEL.state_dict(), "loss": 0.25, "note": None,
         "optimizer": torch.optim.Adam(MODEL.parameters()).state_dict()}
    ),
    "parameters": lambda: saved(dict(MODEL.named_parameters())),
    "half": lambda: saved({k: v.bfloat16() for k, v in MODEL.state_dict().items()}),
    "bfloat16": lambda: safetensors.torch.save(
        {k: v.bfloat16() for k, v in MODEL.state_dict().items()}
    ),
    "float16": lambda: safetensors.torch.save(
        {k: v.half() for k, v in MODEL.state_dict().items()}
    ),
    "zip": lambda: in_zip(
        zipfile.ZIP_DEFLATED, weights_dot_safetensors=safetensors.torch.save(MODEL.state_dict())
    ),
}  # fmt: skip


TOLERANCE = {"half": 0.01, "bfloat16": 0.01, "float16": 1e-3}


@pytest.mark.parametrize("way", WAYS)
def test_what_torch_writes_is_read_as_torch_reads_it(way):
    found = read_weights(WAYS[way]())
    expected = MODEL.state_dict()
    assert set(expected) <= set(found)
    for name, tensor in expected.items():
        assert found[name].shape == tuple(tensor.shape)
        read = found[name].read().float()
        torch.testing.assert_close(read, tensor, rtol=0, atol=TOLERANCE.get(way, 0))


def test_tensors_that_hold_nothing_or_no_weights_are_left_out():
    ids, nothing = torch.arange(4), torch.zeros(0, 3)
    found = read_weights(safetensors.torch.save({"a": torch.ones(2), "ids": ids, "no": nothing}))
    assert list(found) == ["a"]


def test_shared_and_turned_storages_are_read():
    flat = torch.arange(24.0)
    found = read_weights(saved({"a": flat[4:16].view(3, 4), "b": flat.view(4, 6).t()}))
    torch.testing.assert_close(found["a"].read(), flat[4:16].view(3, 4))
    torch.testing.assert_close(found["b"].read(), flat.view(4, 6).t())


# -- hostile ---------------------------------------------------------------------------------


class Ran:
    """A pickle that would leave a mark."""

    def __reduce__(self):
        return (os.mkdir, (os.environ["RNNVIZ_MARK"],))


def safetensors_header(header: object, body: bytes = b"", size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def torch_zip(pickled: bytes, packing=zipfile.ZIP_STORED, **data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        archive.writestr("archive/data.pkl", pickled)
        for key, numbers in data.items():
            archive.writestr(f"archive/data/{key.strip('_')}", numbers)
    return file.getvalue()


def claims(count: int, size: tuple[int, ...], stride: tuple[int, ...] | None = None) -> bytes:
    """A file whose only tensor claims a size, over a storage of four numbers that claims one."""

    class Storage:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            if isinstance(thing, Storage):
                return ("storage", torch.FloatStorage, "0", "cpu", count)
            return None

    class Tensor:
        def __reduce__(self):
            strides = stride or tuple(1 for _ in size)
            call = torch._utils._rebuild_tensor_v2
            return (call, (Storage(), 0, size, strides, False, OrderedDict()))

    file = io.BytesIO()
    Pickler(file, protocol=2).dump({"weight_hh_l0": Tensor()})
    return torch_zip(file.getvalue(), _0=struct.pack("<4f", 1, 2, 3, 4))


def entry(shape, end, dtype="F32", start=0):
    return {"weight_hh_l0": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


def two_entries(second):
    """The header of two tensors of eight bytes; the second begins at a byte that is given."""
    first = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return {"a": first, "b": first | {"data_offsets": [second, second + 8]}}


def many_marks() -> bytes:
    return b"\x80\x02" + b"(" * 1_900_000 + b"."


HOSTILE = {
    "empty": lambda: b"",
    "text": lambda: b"import os; os.system('true')",
    "picture": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "pickle with code": lambda: pickle.dumps(Ran()),
    "torch file with code": lambda: torch_zip(pickle.dumps(Ran(), protocol=2)),
    "torch file with code, protocol 4": lambda: torch_zip(pickle.dumps({"a": Ran()}, protocol=4)),
    "torch file with a module": lambda: saved(nn.LSTM(2, 2)),
    "old torch file": lambda: pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + b"\x80\x02.",
    "hdf5": lambda: b"\x89HDF\r\n\x1a\n" + b"\0" * 100,
    "cut torch file": lambda: saved(MODEL.state_dict())[:-900],
    "cut safetensors": lambda: safetensors.torch.save(MODEL.state_dict())[:-4],
    "cut in the header": lambda: safetensors.torch.save(MODEL.state_dict())[:60],
    "2 GB in a safetensors header": lambda: safetensors_header(entry([2**29], 2**31)),
    "header of 2 GB": lambda: safetensors_header(b"{", size=2**31),
    "header of 8 EB": lambda: safetensors_header(b"{", size=2**63),
    "header too long": lambda: safetensors_header(b"{" + b" " * (MOST_HEADER + 1) + b"}"),
    "header nested": lambda: safetensors_header(b'{"a":' + b"[" * 500_000),
    "header a list": lambda: safetensors_header(b"{}x"),
    "tensors that overlap": lambda: safetensors_header(two_entries(second=4), b"\0" * 12),
    "a hole between tensors": lambda: safetensors_header(two_entries(second=12), b"\0" * 20),
    "bytes after the last tensor": lambda: safetensors.torch.save(MODEL.state_dict()) + b"\0" * 8,
    "kind of number unknown": lambda: safetensors_header(entry([8], 32, "F31"), b"\0" * 32),
    "wrong size": lambda: safetensors_header(entry([3, 3], 32), b"\0" * 32),
    "negative size": lambda: safetensors_header(entry([-1, -8], 32), b"\0" * 32),
    "offsets turned": lambda: safetensors_header(entry([8], 0, start=32), b"\0" * 32),
    "huge numbers": lambda: safetensors_header(entry([10**4000, 2], 8), b"\0" * 8),
    "size no number": lambda: safetensors_header(entry(["8"], 32), b"\0" * 32),
    "no weights": lambda: safetensors_header(entry([4], 16, "I32"), b"\0" * 16),
    "2 GB in a torch file": lambda: claims(2**29, (2**29,)),
    "tensor beyond its storage": lambda: claims(4, (5,)),
    "10^12 numbers of stride 0": lambda: claims(4, (10**6, 10**6), (0, 0)),
    "negative tensor": lambda: claims(4, (-4,)),
    "memo bomb": lambda: torch_zip(b"\x80\x02}r\xff\xff\xff\x7f."),
    "marks": lambda: torch_zip(many_marks()),
    "laughs": lambda: torch_zip(b"\x80\x02]q\0" + b"h\0h\0\x86q\0" * 200_000 + b"."),
    "long pickle": lambda: torch_zip(b"\x80\x02" + b"N0" * 2_000_000 + b"."),
    "bytes of 10^15": lambda: torch_zip(b"\x80\x04\x8e" + struct.pack("<Q", 10**15) + b"."),
    "packed torch file": lambda: torch_zip(pickle.dumps({}, protocol=2), zipfile.ZIP_DEFLATED),
    "zip bomb": lambda: in_zip(zipfile.ZIP_DEFLATED, weights_dot_safetensors=bytes(2**27)),
    "zip in a zip": lambda: in_zip(a_dot_pt=in_zip(b_dot_pt=b"x")),
    "keras": lambda: in_zip(model_dot_weights_dot_h5=b"\x89HDF", config_dot_json=b"{}"),
    "keras names": lambda: safetensors.torch.save(
        {"lstm/lstm_cell/recurrent_kernel": torch.zeros(4, 16)}
    ),
    "no recurrent layer": lambda: safetensors.torch.save(nn.Linear(3, 3).state_dict()),
    "rows of no cell": lambda: safetensors.torch.save(
        {"weight_ih_l0": torch.zeros(10, 3), "weight_hh_l0": torch.zeros(10, 5)}
    ),
    "layers missing": lambda: safetensors.torch.save(
        {"weight_ih_l1": torch.zeros(20, 5), "weight_hh_l1": torch.zeros(20, 5)}
    ),
    "sizes that do not fit": lambda: safetensors.torch.save(
        {"weight_ih_l0": torch.zeros(20, 3), "weight_hh_l0": torch.zeros(20, 5),
         "bias_ih_l0": torch.zeros(19), "bias_hh_l0": torch.zeros(20)}
    ),
    "layer 10^9": lambda: safetensors.torch.save(
        {"weight_ih_l0": torch.zeros(20, 3), "weight_hh_l0": torch.zeros(20, 5),
         "weight_ih_l999999999": torch.zeros(20, 5)}
    ),
    "not a number": lambda: safetensors.torch.save(
        {k: v * torch.nan for k, v in nn.GRU(2, 2).state_dict().items()}
    ),
    "empty path": lambda: safetensors.torch.save(
        {f"a..b.{k}": v for k, v in nn.GRU(2, 2).state_dict().items()}
    ),
}  # fmt: skip


def test_a_zip_of_very_many_parts_is_refused(monkeypatch):
    monkeypatch.setattr("rnnviz.files.weights.MOST_MEMBERS", 3)
    with pytest.raises(ModelError, match="over 3 parts"):
        read_weights(in_zip(a=b"", b=b"", c=b"", d=b""))


def looked_into(data: bytes) -> None:
    weights = read_weights(data)
    for stack in find_stacks(weights):
        build_stack(weights, stack)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence_and_nothing_runs(name, tmp_path, monkeypatch):
    mark = tmp_path / "mark"
    monkeypatch.setenv("RNNVIZ_MARK", str(mark))
    data = HOSTILE[name]()
    process = psutil.Process()
    before, started = process.memory_info().rss, time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ModelError) as refused:
            looked_into(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 10  # tracing makes it five times as slow
    assert most < 100 * 2**20 and process.memory_info().rss - before < 200 * 2**20
    said = str(refused.value)
    assert said.endswith(".") and 20 < len(said) < 400
    assert not mark.exists()


@pytest.mark.parametrize("name", ["marks", "long pickle", "laughs", "header nested", "zip bomb"])
def test_what_is_slow_to_read_is_refused_in_two_seconds(name):
    data = HOSTILE[name]()
    started = time.process_time()
    with pytest.raises(ModelError):
        looked_into(data)
    assert time.process_time() - started < 2


# -- which recurrent layers there are --------------------------------------------------------

KINDS = {
    "LSTM": (lambda: nn.LSTM(3, 4), "LSTM, 3 → 4"),
    "GRU": (lambda: nn.GRU(4, 4, 2, bidirectional=True), "GRU, 4 → 4, 2 layers, both directions"),
    "RNN": (lambda: nn.RNN(2, 5, bias=False), "RNN, 2 → 5"),
    "projected": (lambda: nn.LSTM(3, 6, 2, proj_size=2), "LSTM, 3 → 6, projected to 2, 2 layers"),
    "cell": (lambda: nn.LSTMCell(3, 4), "LSTM cell, 3 → 4"),
    "GRU cell": (lambda: nn.GRUCell(3, 4), "GRU cell, 3 → 4"),
    "RNN cell": (lambda: nn.RNNCell(3, 1), "RNN cell, 3 → 1"),
    "one unit": (lambda: nn.GRU(1, 1), "GRU, 1 → 1"),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # torch's own, of its slower kernel
@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_told_from_the_sizes_and_the_module_is_the_same(kind):
    make, title = KINDS[kind]
    module = make()
    holder = nn.ModuleDict({"deep": nn.ModuleDict({"part": module})})
    weights = read_weights(safetensors.torch.save(holder.state_dict()))
    (found,) = find_stacks(weights)
    assert found.title == f"deep.part: {title}"
    assert found.ambiguous == kind.startswith("RNN")
    built = build_stack(weights, found).get_submodule("deep.part")
    assert type(built) is type(module)
    x = torch.randn(4, 2, module.input_size)
    expected, given = (m(x[0] if "ell" in kind else x)[0] for m in (module, built))
    torch.testing.assert_close(given, expected)


def test_relu_is_taken_where_it_is_said():
    module = nn.RNN(2, 3, nonlinearity="relu")
    weights = read_weights(safetensors.torch.save(module.state_dict()))
    (found,) = find_stacks(weights)
    assert found.path == ""
    built = build_stack(weights, found, relu=True)
    x = torch.randn(4, 2, 2)
    torch.testing.assert_close(built(x)[0], module(x)[0])


def test_an_embedding_is_found_by_its_size():
    weights = read_weights(saved(MODEL.state_dict()))
    (found,) = find_stacks(weights)
    assert embeddings_of(weights, found) == ["embedding.weight"]


def test_a_trace_is_told_from_weights(tmp_path):
    file = io.BytesIO()
    numpy.savez(file, x=numpy.zeros(3))
    assert is_trace(file.getvalue()) and not is_trace(saved(MODEL.state_dict()))
    with pytest.raises(TraceError, match="no trace"):
        accept_trace(file.getvalue(), "x.npz")


def bomb() -> bytes:
    file = io.BytesIO()
    zeros = numpy.zeros(2**26 + 1, numpy.uint8)
    numpy.savez_compressed(file, header=zeros[:1], x=zeros)
    return file.getvalue()


def twice_the_same_layer(times: int = 10**4) -> bytes:
    """A header that names one layer again and again: each would be unpacked again."""
    model = nn.RNN(1, 1)
    with rnnviz.record(model, gradients=False) as trace, torch.no_grad():
        model(torch.zeros(2, 1, 1))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack_trace(trace))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "header.npy":
                header = json.loads(numpy.load(io.BytesIO(data)).tobytes())
                header["layers"] *= times
                packed = io.BytesIO()
                numpy.save(packed, numpy.frombuffer(json.dumps(header).encode(), numpy.uint8))
                data = packed.getvalue()
            new.writestr(name, data)
    return file.getvalue()


def long_header() -> bytes:
    return twice_the_same_layer(10**5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (bomb, "holds 64.0 MB, more than"),
        (twice_the_same_layer, "no trace, or is damaged"),
        (long_header, "labels of this trace take 1"),
    ],
)
def test_a_hostile_trace_is_refused_at_once(make, sentence):
    data = make()
    started = time.process_time()
    with pytest.raises(TraceError, match=sentence) as refused:
        accept_trace(data, "mine.npz")
    assert time.process_time() - started < 2 and str(refused.value).endswith(".")
