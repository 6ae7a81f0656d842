"""A small run with its pages, a server of it, and plain requests."""

import contextlib
import http.client
import json
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from scorelens.server.access import Keys
from scorelens.server.run_folder import find_run
from scorelens.server.serve import listen, make_server
from tests.cue_tables import cue_table
from tests.desk_pages import (
    CUES,
    FILES,
    VIDEO,
    write_film,
    write_index,
    write_tables,
    write_tracks,
    write_video,
)

SETTINGS = "cues: {corrections: corrections.tsv}\n"
INDEX, NIGHT = "results/desk/index.html", "results/desk/films/night.html"


def write_run(folder: Path, media: Path, is_playable=True) -> Path:
    """A run whose film and album are in another folder, so that its page has whole paths."""
    results = folder / "results"
    tracks = {track: media / "album's" / name for track, name in FILES.items()}
    if is_playable:
        write_video(media / VIDEO)
        write_tracks(media / "album's")
    files = write_tables(results / "tables", files=tracks)
    write_film(results, media / VIDEO, files, title="Night")
    day = cue_table("day", ("theme", 1.0, 9.0, 0.0)).assign(confidence=0.99)
    named = {"genres": ("Drama",), "notes": ""}
    rows = [
        {"film_id": "day", "title": "Day", "cues": day, **named},
        {"film_id": "night", "title": "Night", "cues": CUES, **named},
    ]
    write_index(results, rows)
    (folder / "my.yaml").write_text(SETTINGS)
    return folder


class Served:
    """A server in a thread, and requests to it. `request` has what our own pages send."""

    def __init__(self, folder: Path, keys: Keys, port: int):
        self.folder, self.keys, self.port = folder, keys, port
        self.statuses = []  # of all answers
        self.host = f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"
        self.entrance = f"{self.origin}/?token={keys.token}"
        self.cookie = f"scorelens_{port}={keys.cookie}"

    def request(self, path, method="GET", body=None, **headers):
        """Status, headers (lower case) and body. A header that is None is not sent."""
        sent = {"Host": self.host, "Cookie": self.cookie, "Origin": self.origin}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                for one in [value] if isinstance(value, str) else value or ():
                    connection.putheader(name, one)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, named, answer.read()

    def file(self, path) -> str:
        return "/files" + quote(str(path))

    def page(self, name):
        return self.request(self.file(self.folder / name))

    def saved(self, film):
        return json.loads(self.request(f"/api/corrections/{film}")[2])

    def save(self, film, version, rows, **headers):
        body = json.dumps({"version": version, "rows": rows}).encode()
        headers = {"Content_Type": "application/json", **headers}
        status, _, answer = self.request(f"/api/corrections/{film}", "PUT", body, **headers)
        return status, answer


def recorded(app, statuses):
    async def wrapped(scope, receive, send):
        async def send_recorded(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await app(scope, receive, send_recorded)

    return wrapped


@contextlib.contextmanager
def serving(folder: Path):
    keys = Keys()
    with listen() as listener:
        port = listener.getsockname()[1]
        server = make_server(find_run(folder), port, keys)
        served = Served(folder, keys, port)
        server.config.app = recorded(server.config.app, served.statuses)
        thread = threading.Thread(target=server.run, args=[[listener]])
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join()


def row(film="night", start="14.000", track="theme", verdict="wrong", note="", second=0, **more):
    """Cells of a row of corrections."""
    from scorelens.cues.corrections import COLUMNS

    cells = {
        **{"film_id": film, "film_start_s": start, "film_end_s": f"{float(start) + 6:.3f}"},
        **{"track_id": track, "verdict": verdict, "note": note, "annotator": "Zoë"},
        **{"decided_at": f"2026-01-01T00:00:{second:02d}Z", **more},
    }
    return [cells.get(name, "") for name in COLUMNS]


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
