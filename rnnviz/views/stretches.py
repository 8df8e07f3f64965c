"""A picture over time of an encoder or a decoder shows the steps at which it runs."""

from rnnviz.plots.style import FigureDict
from rnnviz.recording.trace import Trace


def only_where_it_runs(figure: FigureDict, trace: Trace, layer: str) -> None:
    """Let the time axes of a figure end where the layer does.

    All layers of a translation count their steps along one time axis; nothing is left out of the
    figure, so that zooming out shows it whole.
    """
    layout, ran = figure["layout"], trace.stretch(layer)
    for name in layout["meta"]["time"]:
        layout[name]["range"] = [ran[0] - 0.5, ran[-1] + 0.5]
