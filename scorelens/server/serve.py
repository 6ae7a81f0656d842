"""Serve a run on a free port of this machine until it is stopped."""

import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from scorelens.server.access import Keys, guard
from scorelens.server.application import application
from scorelens.server.catalogue import Catalogue
from scorelens.server.corrections_file import sole_writer
from scorelens.server.run_folder import Run

HOST = "127.0.0.1"
BACKLOG = 2048  # connections that wait


def serve(run: Run, opens_browser: bool, show: Callable[[str], None]) -> None:
    """Serve the pages of a run until the process is interrupted.

    Parameters
    ----------
    run : Run
    opens_browser : bool
    show : callable
        Called with the address, which has the token, when connections are accepted.

    Raises
    ------
    ConfigError
        If another server saves into the file of corrections, or it cannot be saved.
    """
    with listen() as listener:
        port, keys = listener.getsockname()[1], Keys()
        address = f"http://{HOST}:{port}/"
        with sole_writer(run.corrections, address):
            server = make_server(run, port, keys)
            show(f"{address}?token={keys.token}")
            if opens_browser:
                ticket = f"{address}?token={keys.ticket}"
                threading.Thread(target=webbrowser.open, args=[ticket], daemon=True).start()
            server.run([listener])


def listen() -> socket.socket:
    """Listen to a free port of this machine alone."""
    return socket.create_server((HOST, 0), backlog=BACKLOG)


def make_server(run: Run, port: int, keys: Keys) -> uvicorn.Server:
    """Make the server of a run.

    Parameters
    ----------
    run : Run
    port : int
        That it will listen to.
    keys : Keys

    Returns
    -------
    uvicorn.Server
    """
    catalogue = Catalogue(run.results)
    app = application(run, catalogue)
    config = uvicorn.Config(
        guard(app, port, keys),
        access_log=False,  # it would have the token
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,  # s
    )
    return uvicorn.Server(config)
