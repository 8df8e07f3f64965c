"""Plotly's own verbs work on the figures of the library: `figure.write_image`, by Kaleido."""

from xml.etree import ElementTree

import torch

import rnnviz


def test_a_figure_writes_itself_as_an_image(tmp_path):
    model = torch.nn.GRU(2, 3)
    with rnnviz.record(model) as trace:
        model(torch.randn(5, 4, 2))[0].sum().backward()
    figure = rnnviz.plots.gates(trace.frame("l0", "update_gate"), "update_gate")
    figure.write_image(tmp_path / "gates.svg", width=400, height=300)
    drawn = ElementTree.parse(tmp_path / "gates.svg").getroot()
    assert (drawn.get("width"), drawn.get("height")) == ("400", "300")
    assert "update gate" in " ".join(drawn.itertext()).lower()
