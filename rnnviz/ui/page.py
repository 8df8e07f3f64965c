"""The frame that every page stands in: style, title, navigation."""

from typing import Any, NoReturn

import streamlit as st

from rnnviz import live
from rnnviz.resources import ROOT
from rnnviz.ui import address
from rnnviz.ui.present import presenter

PAGES = [
    # file, title, icon, what it is
    ("train", "Train", ":material/play_circle:", "Train a network and watch inside it."),
    ("anatomy", "Anatomy", ":material/schema:", "Walk one unit through time, number by number."),
    ("gates", "Gates", ":material/grid_on:", "Every gate through time, its spread and weights."),
    (
        "units",
        "Units",
        ":material/text_fields:",
        "What single units know, and where else they are on.",
    ),
    ("gradients", "Gradients", ":material/trending_down:", "How far back the gradient reaches."),
    (
        "translation",
        "Translation",
        ":material/translate:",
        "Where a translating network looks, and what it writes.",
    ),
    ("compare", "Compare", ":material/stacked_line_chart:", "Cells side by side, over seeds."),
    ("runs", "Runs", ":material/list_alt:", "All that you have trained, kept and named."),
    ("your_model", "Your model", ":material/upload_file:", "Look into a model of your own."),
]

STYLE = """
<style>
@font-face {{
  font-family: Inter; font-weight: 100 900; font-display: swap;
  src: url("{base}/assets/fonts/inter-latin.woff2") format("woff2");
}}
@font-face {{
  font-family: Inter; font-weight: 100 900; font-display: swap; unicode-range: U+0370-03FF;
  src: url("{base}/assets/fonts/inter-greek.woff2") format("woff2");
}}
[data-testid="stMainBlockContainer"] {{ padding-inline: 1.5rem; }}
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] {{ gap: 0.55rem; }}
[data-testid="stNumberInputClearButton"] {{ display: none; }}
button[data-variant="segmented_control"] {{ padding-inline: 0.55rem; }}
@media (max-width: 1400px) {{
  button[data-variant="segmented_control"] p {{ font-size: 0.9375rem; }}
}}
button[data-variant="segmented_control"][data-selected="true"] p,
[data-variant="pills"] p {{
  color: {ink}; font-weight: 600;
}}
.st-key-bring_data [data-testid="stMarkdownContainer"] {{
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
</style>
"""


def frame() -> None:
    """Set the page up and run the page that the address names."""
    st.set_page_config(
        page_title="rnnviz",
        page_icon=str(ROOT / "assets" / "logo.svg"),
        layout="wide",
        initial_sidebar_state=288,
    )
    st.logo(str(ROOT / "assets" / "logo.svg"), size="medium")
    st.html(STYLE.format(base=live.prefix(), ink="light-dark(#1F2933, #ECE8DF)"))
    known = pages()
    page = st.navigation(known, position="top")
    titles = [title for _, title, _, _ in PAGES]
    presenter(titles, titles.index(page.title), lambda place: go_to(PAGES[place][0]))
    address.run_page(page)


def pages() -> list[Any]:
    """Return the pages as Streamlit knows them, in the order of `PAGES`."""
    return [
        st.Page(
            ROOT / "pages" / f"{file}.py", title=title, icon=icon, default=index == 0, help=says
        )
        for index, (file, title, icon, says) in enumerate(PAGES)
    ]


def go_to(file: str) -> NoReturn:
    """Leave for the page of this file name."""
    st.switch_page(pages()[[row[0] for row in PAGES].index(file)])
