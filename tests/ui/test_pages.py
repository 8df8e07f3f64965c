"""Pages are scripts: what Streamlit would do with a line of them."""

import ast
from pathlib import Path

import pytest

from rnnviz.resources import ROOT

PAGES = sorted((ROOT / "pages").glob("*.py"))


def shown(source: str) -> list[int]:
    """The lines that Streamlit writes on the page by itself: bare values, but for the first."""
    body = ast.parse(source).body
    return [
        node.lineno
        for place, node in enumerate(body)
        if isinstance(node, ast.Expr) and place and not isinstance(node.value, ast.Call)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: Path(path).stem)
def test_no_comment_is_shown_to_visitors(page):
    assert shown(page.read_text("utf-8")) == []


def test_a_comment_that_would_be_shown_is_found():
    assert PAGES and shown('"""What it is."""\nA = 1\n"""What A is."""\ndraw()\n') == [3]
