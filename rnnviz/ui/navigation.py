"""The script that Streamlit runs for every visitor and every change."""

from rnnviz.ui.page import frame

frame()
