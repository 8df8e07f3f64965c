"""In which language a request is answered: what its address says, or the page that it came from."""

from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from rnnviz.words import known, speaking


class Speaking:
    """Answer every request in the language of its ``lang=``, or of its page's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak it while the request is answered."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        with speaking(asked_of(scope)):
            await self.app(scope, receive, send)


def asked_of(scope: Scope) -> str:
    """Return the code of the language that a request asks for."""
    query = scope.get("query_string", b"").decode("latin-1")
    referer = dict(scope["headers"]).get(b"referer", b"").decode("latin-1")
    for text in (query, _query_of(referer)):
        if said := parse_qs(text).get("lang"):
            return known(said[0])
    return "en"


def _query_of(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:  # an address with a broken host
        return ""
