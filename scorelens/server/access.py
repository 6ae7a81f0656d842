"""Who is answered: the browser that was given the token, asking by our name and from our pages."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from scorelens.server.pages import served_policy

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
App = Callable[[Scope, Callable, Callable], Awaitable[None]]
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# The cookie is for requests from our own pages alone, and a redirection from a link in a page of
# another origin would not be one: so a page that goes on by itself.
ENTERED = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>scorelens</title>'
    '<meta http-equiv="refresh" content="0; url=/"></head>'
    '<body><p><a href="/">To the pages</a></p></body></html>'
)
READING = ("GET", "HEAD")


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Keys:
    """The secrets of a server.

    Parameters
    ----------
    token : str
        In the address that is shown.
    ticket : str
        In the address that the browser is started with, which other users can see in the list of
        processes: it is taken once. Empty when it was.
    cookie : str
        Of a browser that came with one of them.
    """

    token: str = field(default_factory=_secret)
    ticket: str = field(default_factory=_secret)
    cookie: str = field(default_factory=_secret)

    def admit(self, given: str) -> bool:
        """Whether a token or ticket of an address is right."""
        if self.ticket and _equal(given, self.ticket):
            self.ticket = ""
            return True
        return _equal(given, self.token)


def guard(app: App, port: int, keys: Keys) -> App:
    """Wrap an application so that it answers one browser alone.

    Parameters
    ----------
    app : ASGI application
    port : int
        The port that is listened to.
    keys : Keys

    Returns
    -------
    ASGI application
        Refuses (403) requests by another name of the host, which DNS may have been made to point
        here; from pages of other origins, those of other ports too; and without the cookie.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    cookie = f"scorelens_{port}"  # cookies are those of a host, whatever its port

    async def guarded(scope: Scope, receive: Callable, send: Callable) -> None:
        headers = Headers(scope=scope)
        response = (
            _refuse_stranger(headers, scope["method"], hosts)
            or _enter(scope, keys, cookie)
            or _refuse_unknown(headers, keys, cookie)
            or app
        )
        await response(scope, receive, _with_headers(send))

    return guarded


def _refuse_stranger(headers: Headers, method: str, hosts: set[str]) -> Response | None:
    host = headers.getlist("host")
    if len(host) != 1 or host[0] not in hosts:
        return PlainTextResponse("wrong host", 403)
    origins, site = headers.getlist("origin"), headers.get("sec-fetch-site", "none")
    is_foreign = any(origin != f"http://{host[0]}" for origin in origins)
    # A link leads a person here, not the page that has it, which cannot read what is shown.
    is_visit = headers.get("sec-fetch-dest") == "document" and method in READING
    if is_foreign or (site not in ("none", "same-origin") and not is_visit):
        return PlainTextResponse("wrong origin", 403)
    if method not in READING and not origins:
        return PlainTextResponse("no origin", 403)
    return None


def _enter(scope: Scope, keys: Keys, cookie: str) -> Response | None:
    given = QueryParams(scope["query_string"]).get("token", "")
    if scope["path"] != "/" or not given or scope["method"] != "GET":
        return None
    if not keys.admit(given):
        return PlainTextResponse("wrong token", 403)
    response = HTMLResponse(ENTERED)
    response.set_cookie(cookie, keys.cookie, httponly=True, samesite="strict")
    return response


def _refuse_unknown(headers: Headers, keys: Keys, cookie: str) -> Response | None:
    if _equal(cookie_parser(headers.get("cookie", "")).get(cookie, ""), keys.cookie):
        return None
    text = "Open the address that `scorelens desk` shows: it has the token of this session."
    return PlainTextResponse(text, 403)


def _equal(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(), secret.encode())


def _with_headers(send: Callable) -> Callable:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", served_policy())
        await send(message)

    return send_with_headers
