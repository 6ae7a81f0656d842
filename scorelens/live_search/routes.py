"""The routes of the live search: the page, and JSON for its script.

Who may ask is the server's matter. Here nothing is read but tracks of the index, by their number,
and files that were dropped on the page: no request can name a path.
"""

import json
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from threading import Lock, Thread

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from scorelens.errors import ConfigError, InputError, Problem
from scorelens.html_page import shared_style
from scorelens.live_search.filtering import RANGES
from scorelens.live_search.index import Index
from scorelens.live_search.query import Filters, Hit, Like, Moment, Query

PAGE = Path(__file__).parent / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; img-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
MAX_DROPPED = 500_000_000  # bytes of a file
MAX_QUERY = 100_000  # bytes
MAX_HITS = 500
DROPPED = "dropped:"  # begins the name of a dropped file


class Service:
    """The index, opened once when it is first asked for, and the files that were dropped.

    Parameters
    ----------
    opening : callable
        Opens the index; called again after it failed.
    """

    def __init__(self, opening: Callable[[], Index]) -> None:
        self.opening = opening
        self.files: dict[str, str] = {}
        self._folder = tempfile.mkdtemp(prefix="scorelens-search-")
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._index, self._lock = None, Lock()

    def index(self) -> Index:
        """The index; the network of words is loaded while the user writes some."""
        with self._lock:
            if not self._index:
                self._index = self.opening()
                Thread(target=_load_bridge, args=[self._index], daemon=True).start()
            return self._index

    def new_file(self, name: str) -> tuple[str, Path]:
        """A name for a dropped file, and where to write it, with the ending of its own name."""
        ending = "".join(c for c in Path(name).suffix[:10] if c.isalnum() or c == ".")
        token = DROPPED + secrets.token_hex(16)
        path = Path(self._folder, token.removeprefix(DROPPED) + ending)
        return token, path


def search_routes(opening: Callable[[], Index]) -> list[BaseRoute]:
    """The routes of the live search, for a Starlette application.

    Parameters
    ----------
    opening : callable
        Opens the index, such as `partial(open_index, results)`.

    Returns
    -------
    list of starlette.routing.BaseRoute
        `/search`, its style and script, and what the script asks: `/api/search` (POST of a query,
        GET of what can be asked for), `/api/search/drop` and `/api/search/sound/{number}`.
    """
    service = Service(opening)

    def endpoint(answer: Callable) -> Callable:
        return partial(_answered, partial(answer, service))

    return [
        Route("/search", _page),
        Route("/search/page.css", _style),
        Route("/search/page.js", _script),
        Route("/api/search", endpoint(_options), methods=["GET"]),
        Route("/api/search", endpoint(_search), methods=["POST"]),
        Route("/api/search/drop", endpoint(_drop), methods=["POST"]),
        Route("/api/search/sound/{number:int}", endpoint(_sound)),
    ]


def read_query(data: object, files: Mapping[str, str], index: Index) -> Query:
    """Read a query of the page.

    Parameters
    ----------
    data : object
        As parsed from JSON: fields of Query; times and ranges are numbers or null.
    files : mapping of str to str
        Dropped files by name.
    index : Index
        Music to be like is one of its tracks, or a dropped file.

    Returns
    -------
    Query

    Raises
    ------
    ConfigError
        If a value is none that the page can send.
    """
    try:
        values = dict(data)
        filters = dict(values.pop("filters", {}))
        known = {field.name for field in fields(Filters)}
        ranges = {name: _range(filters.pop(name)) for name in RANGES if name in filters}
        if unknown := set(filters) - known:
            raise ValueError(f"unknown filters: {sorted(unknown)}")
        genres = tuple(str(genre) for genre in filters.pop("genres", ()))
        texts = {name: str(value) for name, value in filters.items()}
        query = Query(
            words=str(values.pop("words", "")),
            tags=tuple(str(tag) for tag in values.pop("tags", ())),
            image=_dropped(values.pop("image", ""), files),
            like=_like(values.pop("like", None), files, index),
            moment=_moment(values.pop("moment", None)),
            filters=Filters(**ranges, **texts, genres=genres),
            limit=min(max(int(values.pop("limit", 20)), 1), MAX_HITS),
        )
        if values:
            raise ValueError(f"unknown parts: {sorted(values)}")
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ConfigError(Problem("search", str(error), "a query of the page")) from None
    return query


def hit_data(hit: Hit, index: Index) -> dict:
    """A hit for the page: its values, and the number of its track for playing it."""
    return {**asdict(hit), "number": index.rows[hit.track_id]}


def _load_bridge(index: Index) -> None:
    with suppress(InputError):  # a search with words says it
        index.bridge()


def _range(bounds: object) -> tuple:
    low, high = (None if bound is None else float(bound) for bound in bounds)
    return low, high


def _dropped(name: str, files: Mapping[str, str]) -> str:
    return files[name] if name else ""


def _like(data: Mapping | None, files: Mapping[str, str], index: Index) -> Like | None:
    if data is None:
        return None
    source = str(data["source"])
    if source not in index.rows:
        source = files[source]
    times = (data.get(name) for name in ("start_s", "end_s"))
    return Like(source, *(None if time is None else float(time) for time in times))


def _moment(data: Mapping | None) -> Moment | None:
    return None if data is None else Moment(str(data["film_id"]), float(data["time_s"]))


async def _answered(answer: Callable, request: Request) -> Response:
    """The answer to a request; the user's mistakes as text with the status 400."""
    try:
        return await answer(request)
    except InputError as error:
        return JSONResponse({"message": str(error)}, 400)


async def _page(request: Request) -> Response:
    return FileResponse(PAGE / "page.html", headers={"Content-Security-Policy": POLICY})


async def _style(request: Request) -> Response:
    return Response(shared_style() + (PAGE / "page.css").read_text("utf-8"), media_type="text/css")


async def _script(request: Request) -> Response:
    return FileResponse(PAGE / "page.js", media_type="text/javascript")


async def _options(service: Service, request: Request) -> Response:
    index = await run_in_threadpool(service.index)
    return JSONResponse(await run_in_threadpool(index.page_data))


async def _search(service: Service, request: Request) -> Response:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_QUERY:
            return JSONResponse({"message": "the query is too long"}, 413)
    index = await run_in_threadpool(service.index)
    try:
        data = json.loads(body)
    except ValueError:
        return JSONResponse({"message": "the query is no JSON"}, 400)
    query = read_query(data, service.files, index)
    hits = await run_in_threadpool(index.search, query)
    return JSONResponse({"hits": [hit_data(hit, index) for hit in hits]})


async def _drop(service: Service, request: Request) -> Response:
    """Keep a dropped file until the server ends; its own name is a parameter of the address."""
    token, path = service.new_file(request.query_params.get("name", ""))
    size = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_DROPPED:
                os.unlink(path)
                return JSONResponse({"message": "the file is too large"}, 413)
            await run_in_threadpool(file.write, chunk)
    service.files[token] = str(path)
    return JSONResponse({"name": token})


async def _sound(service: Service, request: Request) -> Response:
    index = await run_in_threadpool(service.index)
    number = request.path_params["number"]
    if number >= len(index):
        return Response(status_code=404)
    path = index.catalogue.tracks["path"].iat[number]
    return FileResponse(path) if os.path.isfile(path) else Response(status_code=404)
