"""A figure as one HTML file that can be zoomed and needs nothing else: no network, no server."""

from html import escape

import plotly.io

from rnnviz.export.prepared import alt, words
from rnnviz.plots.style import FigureDict

CONFIG = {
    "displaylogo": False, "showSendToCloud": False, "responsive": True, "doubleClick": "reset",
}  # fmt: skip


def page(figure: FigureDict, plotly_js: str | bool = True) -> str:
    """Return a whole page with the figure, as large as the window.

    Parameters
    ----------
    figure : dict
        As `prepare` gives it.
    plotly_js : str or bool
        True brings plotly.js along (5 MB); a name ending in .js is a file beside the page.
    """
    spec = {**figure, "layout": {**figure["layout"], "autosize": True}}
    drawn = plotly.io.to_html(
        spec, config=CONFIG, include_plotlyjs=plotly_js, full_html=False, include_mathjax=False,
        default_width="100%", default_height="100%", validate=False, div_id="figure",
    )  # fmt: skip
    paper = figure["layout"].get("paper_bgcolor", "#FFFFFF")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(words(figure) or "Figure")}</title>
<style>html, body {{ margin: 0; height: 100%; background: {escape(str(paper))}; }}
main, main > div {{ height: 100%; }}</style>
</head>
<body>
<main role="figure" aria-label="{escape(alt(figure))}">{drawn}</main>
</body>
</html>
"""
