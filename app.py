"""The ASGI entry: the Streamlit pages and, beside them, the live routes."""

import streamlit as st

from rnnviz import downloads, lectures, live
from rnnviz.resources import ROOT

SCRIPT = ROOT / "rnnviz" / "ui" / "navigation.py"
if not SCRIPT.exists():  # in an installed wheel this file lies inside the package
    SCRIPT = ROOT.parent / "ui" / "navigation.py"

app = st.App(
    SCRIPT,
    routes=[*downloads.routes(), *lectures.routes(), *live.routes()],
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
