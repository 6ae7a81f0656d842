"""The routes: the start page, the files of a run, the corrections and the live search."""

import json
import os
from functools import partial
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from scorelens.errors import InputError
from scorelens.html_page import shared_style, template_environment
from scorelens.live_search import open_index, search_routes
from scorelens.server.catalogue import Catalogue
from scorelens.server.corrections_file import ConflictError, CorrectionsFile, version_of
from scorelens.server.pages import prepare_page
from scorelens.server.run_folder import Run

FILES = "/files"
SAVES = "/api/corrections"
MAX_BODY = 8_000_000  # bytes; of a film with 10,000 decisions
TOO_LARGE = JSONResponse({"message": "more than a film's verdicts"}, 413)
HERE = Path(__file__).parent


def application(run: Run, catalogue: Catalogue) -> Starlette:
    """Make the application; `access.guard` belongs around it.

    Parameters
    ----------
    run : Run
    catalogue : Catalogue
        What is served of the run; pages that are read make their media known to it.

    Returns
    -------
    starlette.applications.Starlette
    """
    routes = [
        Route("/", _start_page),
        Route("/start.css", _start_style),
        Route(FILES + "{path:path}", _file),
        Route(SAVES, _all_corrections),
        Route(SAVES + "/{film}", _corrections, methods=["GET"]),
        Route(SAVES + "/{film}", _save_corrections, methods=["PUT"]),
        *search_routes(partial(open_index, run.results, settings=run.search)),
    ]
    app = Starlette(routes=routes)
    app.state.run, app.state.catalogue = run, catalogue
    app.state.corrections = CorrectionsFile(run.corrections)
    return app


def file_address(path: str | os.PathLike) -> str:
    """Give the address of a file that is served.

    Parameters
    ----------
    path : str or os.PathLike
        Its whole path.

    Returns
    -------
    str

    Examples
    --------
    >>> file_address("/home/me/a b.html")
    '/files/home/me/a%20b.html'
    """
    return FILES + quote(os.fspath(path))


def _start_page(request: Request) -> Response:
    state = request.app.state
    named = {
        name: [(path.stem, file_address(path)) for path in state.catalogue.pages(pattern)]
        for name, pattern in (
            ("desk", "desk/index.html"),
            ("report", "report.html"),
            ("libraries", "tagger/libraries/*.html"),
            ("searches", "retrieval/searches.html"),
            ("contradictions", "genres/contradictions.html"),
        )
    }
    page = template_environment(HERE).get_template("start.html")
    return HTMLResponse(page.render(named, run=state.run))


def _start_style(request: Request) -> Response:
    return Response(shared_style(), media_type="text/css")


async def _file(request: Request) -> Response:
    path, catalogue = request.path_params["path"], request.app.state.catalogue
    media_type = await run_in_threadpool(catalogue.media_type, path)
    if not media_type:
        return Response("no file of this run", 404, media_type="text/plain")
    if media_type == "text/html":
        page = await run_in_threadpool(prepare_page, path, SAVES)
        catalogue.add_media(page.media)
        return HTMLResponse(page.text, headers={"Content-Security-Policy": page.policy})
    return FileResponse(path, media_type=media_type)


def _all_corrections(request: Request) -> Response:
    state = request.app.state
    try:
        return JSONResponse({**_file_values(state), "films": state.corrections.read()})
    except InputError as error:
        return JSONResponse({"message": str(error)}, 422)


def _corrections(request: Request) -> Response:
    state, film = request.app.state, request.path_params["film"]
    try:
        rows = state.corrections.read().get(film, [])
    except InputError as error:
        return JSONResponse({"message": str(error)}, 422)
    return JSONResponse({**_file_values(state), "rows": rows, "version": version_of(rows)})


async def _save_corrections(request: Request) -> Response:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return JSONResponse({"message": "no JSON"}, 415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return TOO_LARGE
        version, rows = _change(json.loads(body))
    except ClientDisconnect:
        return Response(status_code=400)
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"message": "no version and rows of texts"}, 400)
    film = request.path_params["film"]
    return await run_in_threadpool(_save, request.app.state, film, version, rows)


def _change(data: object) -> tuple[str, list[list[str]]]:
    version, rows = data["version"], data["rows"]
    if not isinstance(version, str) or not isinstance(rows, list):
        raise TypeError
    if not all(isinstance(row, list) and all(isinstance(c, str) for c in row) for row in rows):
        raise TypeError
    return version, rows


def _save(state, film: str, version: str, rows: list[list[str]]) -> Response:
    try:
        saved = state.corrections.save(film, version, rows)
    except ConflictError:
        saved = state.corrections.read().get(film, [])
        return JSONResponse({"rows": saved, "version": version_of(saved)}, 409)
    except InputError as error:
        return JSONResponse({"message": str(error)}, 422)
    except OSError as error:
        return JSONResponse({"message": f"{state.run.corrections}: {error.strerror}"}, 507)
    return JSONResponse({"version": version_of(saved)})


def _file_values(state) -> dict:
    return {"file": str(state.run.corrections), "isNamed": state.run.is_named}
