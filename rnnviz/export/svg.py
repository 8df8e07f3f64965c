"""What an SVG needs to stand alone: its size, and the house's type with it."""

import base64
import re
from functools import cache

from rnnviz.errors import ExportError
from rnnviz.resources import asset

FACES = {"latin": "", "greek": "unicode-range:U+0370-03FF;"}
"""The parts of the house's type -> the letters a part has, where it does not have all."""


def face(part: str) -> str:
    """Return the CSS that brings a part of the house's type along."""
    return (
        f"@font-face{{font-family:Inter;font-weight:100 900;{FACES[part]}"
        f"src:url(data:font/woff2;base64,{_font(part)})}}"
    )


def standing_alone(svg: str, size: tuple[int, int], drawn: tuple[int, int]) -> str:
    """Give an SVG of plotly.js its size and its fonts.

    The viewBox keeps what is inside as it was drawn.

    Parameters
    ----------
    size, drawn : (int, int)
        Width and height of the result, and those that it was drawn for, in CSS pixels.

    Raises
    ------
    ExportError
        If it is no SVG.
    """
    if not svg.startswith("<svg"):
        raise ExportError("plotly.js gave no SVG for this figure.")
    # XML has no place for control characters, HTML, which the page is, has
    svg = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", svg)
    head, rest = svg.split(">", 1)
    for name, wanted, had in zip(("width", "height"), size, drawn, strict=True):
        head = head.replace(f'{name}="{had}"', f'{name}="{wanted}"', 1)
    return f"{head}>{fonts(rest)}{rest}"


def fonts(text: str) -> str:
    """Return a style element with the type that a text needs."""
    parts = ["latin", *(["greek"] if re.search("[\u0370-\u03ff]", text) else [])]
    return f"<style>{''.join(map(face, parts))}</style>"


@cache
def _font(part: str) -> str:
    return base64.b64encode(asset(f"fonts/inter-{part}.woff2").read_bytes()).decode()
