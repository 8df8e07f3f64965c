"""A figure as one HTML file that can be zoomed and needs nothing else: no network, no server."""

from html import escape

import plotly.io

from rnnviz.export.prepared import alt, words
from rnnviz.plots.style import FigureDict
from rnnviz.words import language, t

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
    return whole(drawn, words(figure), alt(figure), str(paper))


def drawing_page(svg: str, title: str, says: str, paper: str) -> str:
    """Return a whole page with an SVG drawing, as large as the window."""
    svg = svg.replace("<svg ", '<svg style="width:100%;height:100%" ', 1)
    return whole(svg, title, says, paper)


def whole(body: str, title: str, says: str, paper: str, head: str = "") -> str:
    """Return a page around something that is drawn.

    Parameters
    ----------
    body, head : str
        HTML of ours.
    title, says : str
        Text: the page's title, and what is said to those who hear it.
    paper : str
        The colour behind it.
    """
    return f"""<!doctype html>
<html lang="{language()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title or t("Figure"))}</title>
<style>html, body {{ margin: 0; height: 100%; background: {escape(paper)}; }}
main, main > div {{ height: 100%; }}</style>
{head}</head>
<body>
<main role="figure" aria-label="{escape(says)}">{body}</main>
</body>
</html>
"""
