"""Write the page of search results: one HTML file that needs no server and no network."""

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

MAX_SIDE = 320  # px, longer side of a picture
JPEG_QUALITY = 80
DIGITS = 4  # of a cosine
CREDITS = ("track_title", "artist", "composer", "album")
FOLDER = Path(__file__).parent


def write_page(
    searches: Sequence[Search],
    results: pd.DataFrame,
    pictures: Mapping[str, np.ndarray],
    query_tracks: Mapping[str, Mapping[str, str | None]],
    metadata: Mapping,
    tracks: int,
    output: str | os.PathLike,
) -> None:
    """Write the page of searches and their results. Paths in the page are relative to it.

    Parameters
    ----------
    searches : sequence of Search
        The searches.
    results : pandas.DataFrame
        Rows of RETRIEVAL_SEARCHES, with `title` of the film (null in a library) and `folder` of the
        file, relative to that of its library.
    pictures : mapping of str to numpy.ndarray
        uint8 (height, width, 3), RGB, by the name of a search with an image.
    query_tracks : mapping of str to mapping
        `title` of the film, `path`, `part`, `track_title`, `artist`, `composer` and `album` of the
        track, by the name of a search with a track.
    metadata : mapping
        Metadata of the model: `configuration`, and `films` it was trained on.
    tracks : int
        Number of tracks in the index.
    output : str or os.PathLike
        Path of the page.
    """
    home = os.path.dirname(os.path.abspath(output))
    render_page(
        FOLDER,
        page_data(searches, results, pictures, query_tracks, home),
        output,
        searches=len(searches),
        tracks=tracks,
        model=TITLES[metadata["configuration"]],
        films=len(metadata["films"]),
    )


def page_data(
    searches: Sequence[Search],
    results: pd.DataFrame,
    pictures: Mapping[str, np.ndarray],
    query_tracks: Mapping[str, Mapping[str, str | None]],
    home: str,
) -> list[dict]:
    """Collect the data for the script of the page.

    Parameters
    ----------
    searches : sequence of Search
        The searches.
    results : pandas.DataFrame
        Rows of RETRIEVAL_SEARCHES, with `title` of the film and `folder` of the file.
    pictures : mapping of str to numpy.ndarray
        uint8 (height, width, 3), RGB, by search.
    query_tracks : mapping of str to mapping
        The track of a search, by search.
    home : str
        Absolute path of the folder of the page.

    Returns
    -------
    list of dict
        For each search: `name`, `text`, `tags`, `picture` (a data URI, or empty), `caption` of the
        picture, `time` (s in the film, or None), `track` (or None), `parts`; and of its results,
        the best first, lists of `library`, `folder`, `title`, `track_id`, `path`, CREDITS, `part`
        (media fragment), `cosine`, `moved`; and `contributions`, a list for each part.
    """
    by_search = dict(list(results.groupby("search", sort=False)))
    data = []
    for search in searches:
        rows, track = by_search.get(search.name, results[:0]), query_tracks.get(search.name)
        data.append(
            {
                "name": search.name,
                "text": search.text,
                "tags": list(search.tags),
                "picture": data_uri(pictures[search.name]) if search.name in pictures else "",
                "caption": search.film_title or os.path.basename(search.image),
                "time": search.time_s if search.film else None,
                "track": track and {**track, "path": os.path.relpath(track["path"], home)},
                "parts": list(search.parts),
                "library": rows["library"].tolist(),
                "folder": rows["folder"].tolist(),
                "title": rows["title"].fillna("").tolist(),
                "track_id": rows["track_id"].tolist(),
                "path": [os.path.relpath(path, home) for path in rows["path"]],
                **{name: rows[name].tolist() for name in CREDITS},
                "part": list(map(time_fragment, rows["start_s"], rows["end_s"])),
                "cosine": rows["cosine"].round(DIGITS).tolist(),
                "moved": rows["moved_by"].tolist(),
                "contributions": {part: rows[part].round(DIGITS).tolist() for part in search.parts},
            }
        )
    return data


def data_uri(picture: np.ndarray) -> str:
    """Encode a picture as a JPEG in a data URI.

    Parameters
    ----------
    picture : numpy.ndarray
        uint8 (height, width, 3), RGB.

    Returns
    -------
    str
        The URI. The longer side of the JPEG is at most MAX_SIDE pixels.
    """
    image = Image.fromarray(picture)
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
