"""Run searches: the nearest tracks of each query, and the contribution of each part of the query.

The contribution of a part to a track is how far the cosine of the track falls when the search is
repeated without the part. Contributions do not add up to the cosine: of two redundant parts neither
is missed much. If there is one part alone, its contribution is the whole cosine.

A contribution may be the same for all tracks; then the part changes the cosines and not the order.
It is shown as it is, and not relative to its mean over the index. So it can be checked by a search
without the part, and does not change when a library grows.
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
from scorelens.retrieval.model.networks import RetrievalModel
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

# Columns of RETRIEVAL_INDEX in the results.
LOCATION = ["library", "film_id", "track_id", "path", "start_s", "end_s"]

log = logging.getLogger(__name__)


def run_searches(
    searches: Sequence[Search],
    model: str | os.PathLike,
    index: str | os.PathLike,
    names: str | os.PathLike,
    weights: Mapping[str, str | os.PathLike | None],
    tracks: int,
    frames: int,
    fragments: int,
    threads: int,
    results: str | os.PathLike,
    page: str | os.PathLike,
) -> None:
    """Run all searches, and write their results as a table and as a page.

    Tracks are identified by their file, with links resolved, and by their time in it. The track of
    a search is not among its own results, and no track is a result twice.

    Parameters
    ----------
    searches : sequence of Search
        The searches.
    model : str or os.PathLike
        Model file.
    index, names : str or os.PathLike
        Outputs of `track_index.index_tracks` with this model.
    weights : mapping of str to path or None
        Weights of the networks `image`, `text` and `audio`; None if no search needs one.
    tracks : int
        Maximum number of results of a search.
    frames : int
        Frames that are encoded around a moment of a film.
    fragments : int
        Maximum number of fragments of a track.
    threads : int
        CPU threads.
    results : str or os.PathLike
        Output: table of RETRIEVAL_SEARCHES.
    page : str or os.PathLike
        Output: HTML page.

    Raises
    ------
    InputError
        With every image, or else every track, that cannot be used.
    """
    trained, metadata = load_model(model)
    library, table = load_index(index), tables.read_table(names, tables.RETRIEVAL_INDEX)
    trained_views = metadata.get("trained", ())
    networks = {
        part: Network(metadata[part], weights[part], model if part in trained_views else None)
        for part in ("image", "text", "audio")
    }
    time_fragments = map(time_fragment, table["start_s"], table["end_s"])
    files = [
        os.path.realpath(path) + part
        for path, part in zip(table["path"], time_fragments, strict=True)
    ]
    vectors = encode_searches(
        searches, trained, networks, library, files, frames, fragments, threads
    )
    file_numbers, _ = pd.factorize(np.array(files, object))
    ranked = pd.concat(
        [rank_results(each, trained, vectors, library, file_numbers, tracks) for each in searches],
        ignore_index=True,
    )
    ranked = ranked.join(table[[*LOCATION, *CREDITS, "title"]], on="row")
    ranked["folder"] = [_folder(track_id) for track_id in library.ids[ranked["row"]]]
    columns = ranked[tables.RETRIEVAL_SEARCHES.names]
    tables.write_table(columns, results, tables.RETRIEVAL_SEARCHES)
    query_tracks = _query_tracks(searches, vectors, table)
    write_page(searches, ranked, vectors.pictures, query_tracks, metadata, len(table), page)
    log.info("%d searches among %d tracks", len(searches), len(table))


def rank_results(
    search: Search,
    model: RetrievalModel,
    vectors: QueryEmbeddings,
    index: Index,
    files: np.ndarray,
    k: int,
) -> pd.DataFrame:
    """Rank the nearest tracks of one search, with the contributions of its parts.

    Of a file only the nearest row counts; the file of the search itself is excluded.

    Parameters
    ----------
    search : Search
        The search.
    model : RetrievalModel
        A trained model.
    vectors : QueryEmbeddings
        QueryEmbeddings of the parts of all searches.
    index : Index
        The index.
    files : numpy.ndarray
        int (n,), number of the file of each row; equal for rows of one file.
    k : int
        Maximum number of results.

    Returns
    -------
    pandas.DataFrame
        search, rank, row (of the index), cosine, moved_by, and a column for each part, as in
        RETRIEVAL_SEARCHES.
    """
    parts = search.parts
    query = embed_search(search, parts, model, vectors)
    # So many rows belong to at least k files besides the excluded one.
    enough = (k + 1) * np.bincount(files).max(initial=0)
    rows, cosines = (values[0] for values in search_index(index, query[None], enough))
    chosen = np.sort(np.unique(files[rows], return_index=True)[1])
    if search.name in vectors.index_rows:
        chosen = chosen[files[rows[chosen]] != files[vectors.index_rows[search.name]]]
    chosen = chosen[:k]
    rows, cosines = rows[chosen], cosines[chosen].astype(np.float64)
    nearest = vectors_of(index, rows)
    contributions = pd.DataFrame(np.nan, range(len(rows)), PARTS)
    for part in parts:
        others = [other for other in parts if other != part]
        without = nearest @ embed_search(search, others, model, vectors) if others else 0.0
        contributions[part] = cosines - without
    moved_by = np.array(parts)[contributions[list(parts)].to_numpy().argmax(axis=1)]
    ranks = np.arange(1, len(rows) + 1)
    columns = {"search": search.name, "rank": ranks, "row": rows, "cosine": cosines.clip(-1, 1)}
    return pd.DataFrame(columns | {"moved_by": moved_by}).join(contributions)


def _folder(track_id: str) -> str:
    """The folder of a track in its library, from its id in the index."""
    return os.path.dirname(track_id.partition("/")[2])


def _query_tracks(
    searches: Sequence[Search], vectors: QueryEmbeddings, table: pd.DataFrame
) -> dict[str, dict[str, str | None]]:
    """By search with a track: title of its film, path, part of the file, and CREDITS."""
    tracks = {}
    for search in searches:
        if search.name in vectors.index_rows:
            row = table.loc[vectors.index_rows[search.name]]
            title, part = row["title"], time_fragment(row["start_s"], row["end_s"])
            file = {"title": None if pd.isna(title) else title, "path": row["path"], "part": part}
            tracks[search.name] = file | row[list(CREDITS)].to_dict()
        elif search.track:
            tags = read_tags(search.track)
            credits = tags.title or file_title(search.track), tags.artist, tags.composer, tags.album
            file = {"title": None, "path": search.track, "part": ""}
            tracks[search.name] = file | dict(zip(CREDITS, credits, strict=True))
    return tracks
