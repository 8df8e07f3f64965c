"""rnnviz.show: a server for a trace, found again, and ended."""

import subprocess
import sys
import urllib.request

import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.errors import RnnvizError, RunError
from rnnviz.store.run_store import RunStore
from tests.conftest import free_port


@pytest.fixture
def trace():
    model = nn.LSTM(2, 3)
    with rnnviz.record(model) as trace:
        model(torch.randn(6, 1, 2))[0].sum().backward()
    return trace


def test_a_server_is_started_found_again_and_ended(trace, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("rnnviz.notebook.show.FIRST_PORT", free_port())
    monkeypatch.setattr("rnnviz.notebook.show.PORTS", 1)
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    shown = rnnviz.show(trace, name="mine", store=url, browser=False)
    try:
        assert shown.url in capsys.readouterr().out and f'src="{shown.url}"' in shown._repr_html_()
        with urllib.request.urlopen(shown.url, timeout=30) as answer:
            assert answer.status == 200
        again = rnnviz.show(trace, store=url, browser=False)
        assert again._process is None and again.url.split("?")[0] == shown.url.split("?")[0]
        store = RunStore(url)
        id = again.url.rpartition("=")[2]
        assert store.traces.get(id).name == "trace"
        again.close()
        with pytest.raises(RunError):
            store.traces.get(id)
        store.close()
        assert shown._process is not None and shown._process.poll() is None
    finally:
        process = shown._process
        shown.close()
    assert process.poll() is not None
    shown.close()  # twice is once


def test_a_server_that_does_not_start_is_said(trace, tmp_path, monkeypatch):
    def ends_at_once(store, port):
        return subprocess.Popen([sys.executable, "-c", "pass"])

    monkeypatch.setattr("rnnviz.notebook.show.PORTS", 0)
    monkeypatch.setattr("rnnviz.notebook.show._start", ends_at_once)
    with pytest.raises(RnnvizError, match="did not start"):
        rnnviz.show(trace, store=f"sqlite:///{tmp_path / 'runs.sqlite'}", browser=False)
