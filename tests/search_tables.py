"""Made-up catalogues, networks and indexes for the tests of the live search, and a server."""

import socket
import threading
from contextlib import contextmanager

import numpy as np
import uvicorn
from starlette.applications import Starlette

from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.bridge import Bridge
from scorelens.live_search.index import Index, Networks
from scorelens.live_search.routes import search_routes
from scorelens.live_search.run_films import Films
from scorelens.live_search.tags import GLOSSES, TAGS

SIZE = 200


def number_of(tag):
    return TAGS.index(tag)


def embed(texts):
    """Unit vectors: a text that holds the name or gloss of a tag has this tag's axis."""
    rows = []
    for text in texts:
        axis = [gloss == text or tag.lower() == text.lower() for tag, gloss in GLOSSES.items()]
        row = np.append(np.array(axis, float), 0.0)
        row[-1] = not any(axis)  # words near no tag have an axis of their own
        rows.append(row / np.linalg.norm(row))
    return np.array(rows)


def tag_layer():
    """The logit of tag k is value k of an embedding."""
    return np.eye(SIZE, 50, dtype=np.float32), np.zeros(50, np.float32)


def track_row(name, **values):
    """A row of a catalogue."""
    return {
        "track_id": f"library/{name}",
        "library": "library",
        "path": f"/music/{name}.ogg",
        "title": name,
        "artist": "somebody",
        "album": "an album",
        "digest": "1 1",
        "file_start_s": 0.0,
        "length_s": 60.0,
        **values,
    }


def index_of(rows, values, films=None, trained=None, sound=None):
    """An index of tracks with passages every 10 s: values has (passages, 200) of each."""
    starts = [10.0 * np.arange(len(v)) for v in values]
    catalogue = catalogues.build(rows, starts, [np.asarray(v, np.float16) for v in values])
    networks = Networks(lambda: Bridge(embed), sound)
    return Index(catalogue, tag_layer(), networks, films or Films(), trained)


def passages(*tags, count=1, level=1.0):
    """Passages in which MusiCNN hears some tags."""
    values = np.zeros((count, SIZE))
    values[:, [number_of(tag) for tag in tags]] = level
    return values


@contextmanager
def served(index):
    """The address of a server of the routes on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = Starlette(routes=search_routes(lambda: index))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
