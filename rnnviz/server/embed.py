"""One figure of a run as a bare page, to stand in a frame on any site.

`/rnnviz/embed/<run>/<view>?layer=...&theme=dark&step=300` is read-only and needs no cookie. Without
`step` it follows the run. It is the only page of this server that other sites may frame.
"""

import re
from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rnnviz.looks import VIEWS
from rnnviz.plots.style import THEMES, Theme
from rnnviz.server.visitors import LOOPBACK, server_address
from rnnviz.words import language, t

Headers = list[tuple[bytes, bytes]]
POLICY_HEADER = b"content-security-policy"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data: blob:; "
    "font-src 'self'; connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors *"
)
THIS_MACHINE = (
    "http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:* vscode-webview:"
)
"""Where a notebook may stand that shows the app of its own machine."""
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>rnnviz</title>
<link rel="stylesheet" href="{base}/assets/rnnviz.css">
<link rel="stylesheet" href="{base}/assets/embed.css">
<style>:root {{ {colours} }}</style>
</head>
<body>
<main id="embed">
<div class="rnnviz-figure" data-embedded="1" role="figure" aria-label="{label}">
  <div class="rnnviz-plot"></div>
  <div class="rnnviz-mark" hidden></div>
  <p class="rnnviz-says" hidden></p>
  <p class="rnnviz-note" role="status" hidden></p>
</div>
<a href="{home}" target="_blank" rel="noopener">rnnviz</a>
</main>
<script type="module" src="{base}/assets/embed.js"></script>
</body>
</html>
"""


def page(prefix: str) -> Callable[[Request], HTMLResponse]:
    """Return what answers for an embedded figure.

    Parameters
    ----------
    prefix : str
        What stands before the addresses of the live routes and the assets.
    """

    def answer(request: Request) -> HTMLResponse:
        run, view = request.path_params["run"], request.path_params["view"]
        if view not in VIEWS or not re.fullmatch(r"[\w-]{1,64}", run, re.ASCII):
            return HTMLResponse(escape(t("There is no such figure: copy the address again.")), 404)
        theme = THEMES["dark" if request.query_params.get("theme") == "dark" else "light"]
        home = f"{prefix.removesuffix('/rnnviz')}/?run={run}"
        if language() != "en":
            home += f"&lang={language()}"
        made = PAGE.format(
            base=escape(prefix), home=escape(home), colours=variables(theme),
            language=language(), label=escape(t("Figure, being drawn")),
        )  # fmt: skip
        host = request.headers.get("host", "")
        policy = POLICY.format(host=host if re.fullmatch(r"[\w.:\[\]-]+", host, re.ASCII) else "")
        return HTMLResponse(made, headers={"Content-Security-Policy": policy})

    return answer


def variables(theme: Theme) -> str:
    """Return the colours that the figure's CSS reads, which Streamlit sets on its own pages."""
    named = {
        "background": theme.paper, "secondary-background": theme.panel, "text": theme.ink,
        "border": theme.rule, "link": theme.signal["output_gate"], "primary": theme.primary,
    }  # fmt: skip
    scheme = f"color-scheme: {theme.key};"
    return scheme + " ".join(f"--st-{name}-color: {value};" for name, value in named.items())


def refusal(address: str | None) -> Headers:
    """Return the headers with which a page refuses to be framed by other sites.

    A server that listens on loopback only may be framed by pages of this machine, such as a
    notebook's.
    """
    if address in LOOPBACK:
        return [(POLICY_HEADER, f"frame-ancestors 'self' {THIS_MACHINE}".encode())]
    policy = b"frame-ancestors 'self'"
    return [(POLICY_HEADER, policy), (b"x-frame-options", b"SAMEORIGIN")]


class Framing:
    """Let other sites frame embedded figures, and nothing else of this server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the refusal to every answer that does not itself say who may frame it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        added = refusal(server_address())

        async def refusing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = refused(message["headers"], added)
            await send(message)

        await self.app(scope, receive, refusing)


def refused(headers: Headers, added: Headers) -> Headers:
    """Return an answer's headers with a refusal, in one policy with what it says itself."""
    own = b"; ".join(value for name, value in headers if name.lower() == POLICY_HEADER)
    if b"frame-ancestors" in own:
        return headers
    rest = [(name, value) for name, value in headers if name.lower() != POLICY_HEADER]
    joined = [
        (name, own + b"; " + value if own and name == POLICY_HEADER else value)
        for name, value in added
    ]
    return [*rest, *joined]
