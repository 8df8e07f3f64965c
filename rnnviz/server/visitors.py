"""Who looks: a cookie for every visitor, and whose pages may watch.

Nothing here knows of runs; a visitor is a hash of a token that only their browser has.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlparse

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "rnnviz_visitor"
EMBED = "/rnnviz/embed/"
"""What stands in the path of every embedded figure, which needs no cookie."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def owner_of(cookies: Mapping[str, str]) -> str | None:
    """Return who a visitor is to the run store: a hash, so that the store holds no cookie."""
    token = cookies.get(COOKIE)
    return hashlib.sha256(token.encode()).hexdigest()[:32] if token else None


def server_address() -> str | None:
    """Return the address that this server listens on; None where it is every one there is."""
    from streamlit import config

    address: str | None = config.get_option("server.address")
    return address


def welcome(headers: Mapping[str, str]) -> bool:
    """Return whether a socket comes from a page of this very server.

    A browser names the page in Origin. A server that listens on loopback only also insists on a
    loopback host, so that no other site's name can be pointed at it (DNS rebinding).
    """
    host = headers.get("host", "")
    if urlparse(headers.get("origin", "")).netloc != host or not host:
        return False
    if server_address() in LOOPBACK:
        return urlparse(f"//{host}").hostname in LOOPBACK
    return True


class VisitorCookie:
    """Give every visitor a cookie with the page: who has it owns the runs started with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookie to the first page a visitor gets, also to one that their browser kept."""
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or EMBED in scope["path"]
            or has_cookie(scope)
        ):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                if kind.startswith(b"text/html") or (
                    message["status"] == 304 and wants_page(scope)
                ):
                    secure = "; Secure" if scope.get("scheme") == "https" else ""
                    cookie = (
                        f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age=31536000; "
                        f"HttpOnly; SameSite=Lax{secure}"
                    )
                    message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, with_cookie)


def wants_page(scope: Scope) -> bool:
    """Return whether a browser asks for a page, and not for a part of one."""
    return b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def has_cookie(scope: Scope) -> bool:
    """Return whether the request brings the visitor's cookie."""
    jar: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        jar.load(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    return COOKIE in jar
