"""A picture over time of an encoder or a decoder shows the steps at which it runs."""

from typing import Any

from rnnviz.trace import Trace

TIME = "time step t"


def only_where_it_runs(message: dict[str, Any], trace: Trace, layer: str) -> None:
    """Let the time axis of a message's figure end where the layer does.

    All layers of a translation count their steps along one time axis; nothing is left out of the
    figure, so that zooming out shows it whole.
    """
    axis = message.get("figure", {}).get("layout", {}).get("xaxis", {})
    title = axis.get("title", {})
    if (title.get("text") if isinstance(title, dict) else title) == TIME:
        ran = trace.stretch(layer)
        axis["range"] = [ran[0] - 0.5, ran[-1] + 0.5]
