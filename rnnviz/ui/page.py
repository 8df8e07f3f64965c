"""The frame that every page stands in: style, title, navigation."""

import json
from typing import Any, NoReturn

import streamlit as st

from rnnviz.resources import ROOT
from rnnviz.server import live
from rnnviz.ui import address
from rnnviz.ui.present import presenter
from rnnviz.words import N_, language, t

PAGES = [
    # file, title, icon, what it is
    ("train", N_("Train"), ":material/play_circle:", N_("Train a network and watch inside it.")),
    (
        "anatomy",
        N_("Anatomy"),
        ":material/schema:",
        N_("Walk one unit through time, number by number."),
    ),
    (
        "gates",
        N_("Gates"),
        ":material/grid_on:",
        N_("Every gate through time, its spread and weights."),
    ),
    (
        "units",
        N_("Units"),
        ":material/text_fields:",
        N_("What single units know, and where else they are on."),
    ),
    (
        "gradients",
        N_("Gradients"),
        ":material/trending_down:",
        N_("How far back the gradient reaches."),
    ),
    (
        "translation",
        N_("Translation"),
        ":material/translate:",
        N_("Where a translating network looks, and what it writes."),
    ),
    (
        "compare",
        N_("Compare"),
        ":material/stacked_line_chart:",
        N_("Cells side by side, over seeds."),
    ),
    ("runs", N_("Runs"), ":material/list_alt:", N_("All that you have trained, kept and named.")),
    (
        "your_model",
        N_("Your model"),
        ":material/upload_file:",
        N_("Look into a model of your own."),
    ),
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

TRANSLATED = """
<style>
[data-testid="stFileUploaderDropzone"] button p {{ font-size: 0; }}
[data-testid="stFileUploaderDropzone"] button p::after {{ content: {upload}; font-size: 0.875rem; }}
[data-testid="stFileUploaderDropzoneInstructions"] {{ display: none; }}
[data-testid="stSelectboxVirtualDropdown"] [role="option"] * {{
  white-space: normal; font-size: 0.8125rem; line-height: 1.15;
}}
.rnnviz-anatomy .rnnviz-head {{
  flex-wrap: wrap; row-gap: 0; white-space: normal; max-width: 100%;
}}
.rnnviz-anatomy .rnnviz-drawing {{ margin-top: 1.8rem; }}
.rnnviz-anatomy .rnnviz-single {{ padding-right: 2rem; }}
[data-testid="stCheckbox"] p {{ -webkit-line-clamp: none; white-space: normal; }}
</style>
"""
"""For other languages than English: Streamlit's own words that are seen, and room for longer ones
in its lists, beside its switches and above the drawn cell."""


def frame() -> None:
    """Set the page up and run the page that the address names."""
    address.speak()
    st.set_page_config(
        page_title="rnnviz",
        page_icon=str(ROOT / "assets" / "logo.svg"),
        layout="wide",
        initial_sidebar_state=288,
    )
    st.logo(str(ROOT / "assets" / "logo.svg"), size="medium")
    st.html(STYLE.format(base=live.prefix(), ink="light-dark(#1F2933, #ECE8DF)"))
    if language() != "en":
        st.html(TRANSLATED.format(upload=_css(t("Upload"))))
    known = pages()
    page = st.navigation(known, position="top")
    titles = [each.title for each in known]
    presenter(titles, known.index(page), lambda place: go_to(PAGES[place][0]))
    address.run_page(page)


def _css(text: str) -> str:
    """Return a text as a string of CSS."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\3c ")


def pages() -> list[Any]:
    """Return the pages as Streamlit knows them, in the order of `PAGES`."""
    return [
        st.Page(
            ROOT / "pages" / f"{file}.py",
            title=t(title),
            icon=icon,
            default=index == 0,
            help=t(says),
        )
        for index, (file, title, icon, says) in enumerate(PAGES)
    ]


def go_to(file: str) -> NoReturn:
    """Leave for the page of this file name."""
    st.switch_page(pages()[[row[0] for row in PAGES].index(file)])
