"""Answer searches: the tracks that lie nearest to what is asked, and which part moved each.

What a part did to a track is how far the track's cosine falls when the search is asked again
without it. Parts do not add up to the cosine: two that say the same hardly miss one another. A part
that stands alone has the whole cosine, for without it nothing is asked.

A fall may be alike for all tracks: then the part moved the search, and no track up the list. It is
shown as it is, not less its mean over the index, so that it can be checked by asking again without
the part, and stays what it is when a library grows; the page says how to read it.
"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.albums.names import file_title
from scorelens.albums.tags import read_tags
from scorelens.albums.tracks import time_fragment
from scorelens.retrieval.model.networks import Retrieval
from scorelens.retrieval.model.train import load_model
from scorelens.retrieval.search.index import Index, load_index, search_index, vectors_of
from scorelens.retrieval.search.page.write import CREDITS, write_page
from scorelens.retrieval.search.query_encoder import (
    Network,
    QueryEmbeddings,
    embed_search,
    encode_searches,
)
from scorelens.retrieval.search.search_config import PARTS, Search

# Of a track in an answer.
PLACE = ["library", "film_id", "track_id", "path", "start_s", "end_s"]

log = logging.getLogger(__name__)


def answer_searches(
    searches: Sequence[Search],
    model: str | os.PathLike,
    index: str | os.PathLike,
    names: str | os.PathLike,
    weights: Mapping[str, str | os.PathLike | None],
    tracks: int,
    frames: int,
    fragments: int,
    threads: int,
    answers: str | os.PathLike,
    page: str | os.PathLike,
) -> None:
    """Answer all searches; write the tracks found (RETRIEVAL_ANSWERS) and the page to hear them on.

    model: its file. index, names: what `catalogue.index_music` wrote with it. weights: files of the
    frozen networks, `image`, `text` and `audio`; None of one that no search needs. tracks: of an
    answer. frames: of a film that are looked at around a moment. fragments: of a track that are
    heard, at most. threads: of the CPU. Tracks are told apart by their files, links followed, and
    by where in them they are: one that is searched with is no answer to its own search, and none is
    an answer twice. Raises what `query_encoder.encode_searches` does.
    """
    known, facts = load_model(model)
    held, table = load_index(index), tables.read_table(names, tables.RETRIEVAL_INDEX)
    networks = {part: Network(facts[part], weights[part]) for part in ("image", "text", "audio")}
    fragments_of_files = map(time_fragment, table["start_s"], table["end_s"])
    files = [
        os.path.realpath(path) + part
        for path, part in zip(table["path"], fragments_of_files, strict=True)
    ]
    vectors = encode_searches(searches, known, networks, held, files, frames, fragments, threads)
    numbers, _ = pd.factorize(np.array(files, object))
    found = [answer(search, known, vectors, held, numbers, tracks) for search in searches]
    named = pd.concat(found, ignore_index=True)
    named = named.join(table[[*PLACE, *CREDITS, "title"]], on="row")
    named["folder"] = [_folder(name) for name in held.ids[named["row"]]]
    listed = named[tables.RETRIEVAL_ANSWERS.names]
    tables.write_table(listed, answers, tables.RETRIEVAL_ANSWERS)
    heard = _heard(searches, vectors, table)
    write_page(searches, named, vectors.pictures, heard, facts, len(table), page)
    log.info("%d searches among %d tracks", len(searches), len(table))


def answer(
    search: Search,
    model: Retrieval,
    vectors: QueryEmbeddings,
    index: Index,
    files: np.ndarray,
    most: int,
) -> pd.DataFrame:
    """The nearest tracks of one search, `most` at most: of a file the nearest row, of its own none.

    files: int (n,), the number of each row's file; rows of one file have the same. Returns the
    columns search, rank, row (of the index), cosine, moved_by and one a part, as in
    RETRIEVAL_ANSWERS.
    """
    parts = search.parts
    whole = embed_search(search, parts, model, vectors)
    # So many rows belong to `most` files and its own at least.
    enough = (most + 1) * np.bincount(files).max(initial=0)
    rows, cosines = (found[0] for found in search_index(index, whole[None], enough))
    chosen = np.sort(np.unique(files[rows], return_index=True)[1])
    if search.name in vectors.index_rows:
        chosen = chosen[files[rows[chosen]] != files[vectors.index_rows[search.name]]]
    chosen = chosen[:most]
    rows, cosines = rows[chosen], cosines[chosen].astype(np.float64)
    near = vectors_of(index, rows)
    falls = pd.DataFrame(np.nan, range(len(rows)), PARTS)
    for part in parts:
        others = [other for other in parts if other != part]
        without = near @ embed_search(search, others, model, vectors) if others else 0.0
        falls[part] = cosines - without
    moved = np.array(parts)[falls[list(parts)].to_numpy().argmax(axis=1)]
    ranks = np.arange(1, len(rows) + 1)
    columns = {"search": search.name, "rank": ranks, "row": rows, "cosine": cosines.clip(-1, 1)}
    return pd.DataFrame(columns | {"moved_by": moved}).join(falls)


def _folder(name: str) -> str:
    """Where in its library a track is, of its id in the index; nothing at its top."""
    return os.path.dirname(name.partition("/")[2])


def _heard(
    searches: Sequence[Search], vectors: QueryEmbeddings, table: pd.DataFrame
) -> dict[str, dict[str, str | None]]:
    """Of each search's track its file, the part of it (`time_fragment`), the title of the film, if
    there is one, and what there is to say of the track (`CREDITS`).
    """
    heard = {}
    for search in searches:
        if search.name in vectors.index_rows:
            row = table.loc[vectors.index_rows[search.name]]
            title, part = row["title"], time_fragment(row["start_s"], row["end_s"])
            about = {"title": None if pd.isna(title) else title, "path": row["path"], "part": part}
            heard[search.name] = about | row[list(CREDITS)].to_dict()
        elif search.track:
            tags = read_tags(search.track)
            credits = tags.title or file_title(search.track), tags.artist, tags.composer, tags.album
            about = {"title": None, "path": search.track, "part": ""}
            heard[search.name] = about | dict(zip(CREDITS, credits, strict=True))
    return heard
