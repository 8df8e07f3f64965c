"""The ASGI entry: the Streamlit pages and, beside them, the live routes."""

import streamlit as st

from rnnviz.resources import ROOT
from rnnviz.server import downloads, job_routes, live

SCRIPT = ROOT / "rnnviz" / "ui" / "navigation.py"
if not SCRIPT.exists():  # in an installed wheel this file lies inside the package
    SCRIPT = ROOT.parent / "ui" / "navigation.py"

app = st.App(
    SCRIPT,
    routes=[*downloads.routes(), *job_routes.routes(), *live.routes()],
    middleware=live.middleware(),
    lifespan=live.lifespan,
)
