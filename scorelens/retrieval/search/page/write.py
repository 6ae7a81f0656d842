"""Write the page of searches: one file that needs no server and no network."""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from scorelens.albums.tracks import time_fragment
from scorelens.html_page import render_page
from scorelens.retrieval import TITLES
from scorelens.retrieval.search.search_config import Search

SIDE = 320  # px, the longer side of a picture at most
QUALITY = 80  # of JPEG
DIGITS = 4  # of a cosine
CREDITS = ("track_title", "artist", "composer", "album")
HERE = Path(__file__).parent


def write_page(
    searches: Sequence[Search],
    answers: pd.DataFrame,
    pictures: Mapping[str, np.ndarray],
    heard: Mapping[str, Mapping[str, str | None]],
    facts: Mapping,
    tracks: int,
    output: str | os.PathLike,
) -> None:
    """Write the page of some searches and their answers.

    answers: rows of RETRIEVAL_ANSWERS, with `title` of the film (null in a library) and `folder` of
    the file as seen from its library's. pictures: uint8 (height, width, 3), RGB, by the name of a
    search with an image. heard: `title` of the film, `path`, `part`, `track_title`, `artist`,
    `composer` and `album` of the track, by the name of a search with a track. facts: of the model,
    `configuration` and `films` that it learnt from. tracks: how many could be found. Paths in the
    page are relative to it.
    """
    home = os.path.dirname(os.path.abspath(output))
    render_page(
        HERE,
        page_data(searches, answers, pictures, heard, home),
        output,
        searches=len(searches),
        tracks=tracks,
        model=TITLES[facts["configuration"]],
        films=len(facts["films"]),
    )


def page_data(
    searches: Sequence[Search],
    answers: pd.DataFrame,
    pictures: Mapping[str, np.ndarray],
    heard: Mapping[str, Mapping[str, str | None]],
    home: str,
) -> list[dict]:
    """What the page's script works with, as plain values, a dict a search.

    home: absolute path of the page's folder; the other arguments are those of `write_page`. Of a
    search: `name`, `text`, `tags`, `picture` (a data URI or nothing), `caption` of it, `time` (s in
    the film, or null), `track` (as in `write_page`, or null), `parts` (of searches.PARTS); of the
    tracks found, the best first, lists of `library`, `folder`, `title` of the film, `track_id`,
    `path`, `track_title`, `artist`, `composer`, `album`, `part` (of the file, for players),
    `cosine` and `moved`, and in `falls`, by part, of how far the cosine falls without it.
    """
    by_search = dict(list(answers.groupby("search", sort=False)))
    found = []
    for search in searches:
        own, track = by_search.get(search.name, answers[:0]), heard.get(search.name)
        found.append(
            {
                "name": search.name,
                "text": search.text,
                "tags": list(search.tags),
                "picture": data_uri(pictures[search.name]) if search.name in pictures else "",
                "caption": search.scene or os.path.basename(search.image),
                "time": search.time_s if search.film else None,
                "track": track and {**track, "path": os.path.relpath(track["path"], home)},
                "parts": list(search.parts),
                "library": own["library"].tolist(),
                "folder": own["folder"].tolist(),
                "title": own["title"].fillna("").tolist(),
                "track_id": own["track_id"].tolist(),
                "path": [os.path.relpath(path, home) for path in own["path"]],
                **{name: own[name].tolist() for name in CREDITS},
                "part": list(map(time_fragment, own["start_s"], own["end_s"])),
                "cosine": own["cosine"].round(DIGITS).tolist(),
                "moved": own["moved_by"].tolist(),
                "falls": {part: own[part].round(DIGITS).tolist() for part in search.parts},
            }
        )
    return found


def data_uri(picture: np.ndarray) -> str:
    """A picture, uint8 (height, width, 3), RGB, as a JPEG of SIDE pixels at most in a data URI."""
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
