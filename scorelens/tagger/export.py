"""Export a tagged library: tables, JSON files of tracks, playlists of genres, and a page."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scorelens import __version__
from scorelens.albums.names import file_title
from scorelens.ids import slug
from scorelens.tables import (
    TAGGER_LIBRARY,
    TAGGER_PROFILES,
    TAGGER_RANKING,
    Table,
    atomic,
    read_provenance,
    read_table,
    to_arrow,
    write_table,
)
from scorelens.tagger.page.write import write_page

PLAYLIST_THRESHOLD = 0.5  # calibrated probability from which a track is in a playlist of its genre
MAX_NAME = 200  # bytes of a file name; file systems take 255, endings and temporary names need some


class Parts(NamedTuple):
    """Tables of the parts of a library, from `apply.tag_part`.

    Attributes
    ----------
    tracks, ranking, profiles : sequence of path
        Tables of TAGGER_LIBRARY, TAGGER_RANKING and TAGGER_PROFILES, one per part.
    """

    tracks: Sequence[str | os.PathLike]
    ranking: Sequence[str | os.PathLike]
    profiles: Sequence[str | os.PathLike]


def export_library(
    library: str,
    folder: str | os.PathLike,
    parts: Parts,
    tracks: str | os.PathLike,
    ranking: str | os.PathLike,
    profiles: str | os.PathLike,
    tags: str | os.PathLike,
    playlists: str | os.PathLike,
    page: str | os.PathLike,
) -> None:
    """Write all results of a library.

    Parameters
    ----------
    library : str
        Name of the library.
    folder : str or os.PathLike
        Folder of the music. Nothing is written there.
    parts : Parts
        Tables of the parts.
    tracks, ranking, profiles : str or os.PathLike
        Outputs: the joined tables.
    tags : str or os.PathLike
        Output: folder with a JSON file for each track; replaced.
    playlists : str or os.PathLike
        Output: folder with an M3U file for each genre; replaced.
    page : str or os.PathLike
        Output: HTML page.
    """
    home = os.path.abspath(folder)
    provenance = read_provenance(parts.tracks[0])
    track_table = _join(parts.tracks, TAGGER_LIBRARY)
    ranking_table = _join(parts.ranking, TAGGER_RANKING)
    write_table(track_table, tracks, TAGGER_LIBRARY)
    write_table(ranking_table, ranking, TAGGER_RANKING)
    _join_profiles(parts.profiles, profiles, provenance)
    _write_sidecars(track_table, ranking_table, home, provenance, _empty_folder(tags))
    _write_playlists(track_table, ranking_table, home, provenance, _empty_folder(playlists))
    write_page(library, home, track_table, ranking_table, profiles, provenance, page)


def playlist(home: str, tracks: pd.DataFrame) -> str:
    """Format tracks as an extended M3U with absolute paths.

    Players disagree on the base of relative paths.

    Parameters
    ----------
    home : str
        Absolute path of the folder of the library.
    tracks : pandas.DataFrame
        `path` (relative to `home`), `duration_s`, `title`, `artist` and `composer`, in order.

    Returns
    -------
    str
        Text of the playlist.
    """
    lines = ["#EXTM3U"]
    for track in tracks.itertuples():
        # Players split artist and title at the dash.
        names = (track.artist or track.composer, track.title or file_title(track.path))
        label = " - ".join(filter(None, names))
        lines += [f"#EXTINF:{round(track.duration_s)},{label}", os.path.join(home, track.path)]
    return "\n".join(lines) + "\n"


def sidecar_name(path: str) -> str:
    """Name the JSON file of a track: its path and `.json`.

    Parameters
    ----------
    path : str
        Path of the track, relative to the library.

    Returns
    -------
    str
        Relative path. A file name that is too long is cut and gets a hash.

    Examples
    --------
    >>> sidecar_name("Days/01 Dawn.flac")
    'Days/01 Dawn.flac.json'
    """
    *folders, name = path.split("/")
    if len(os.fsencode(name)) > MAX_NAME:
        mark = hashlib.sha256(name.encode()).hexdigest()[:10]
        name = f"{name.encode()[: MAX_NAME - 11].decode(errors='ignore')}~{mark}"
    return "/".join([*folders, f"{name}.json"])


def _join(paths: Sequence[str | os.PathLike], table: Table) -> pd.DataFrame:
    frame = pd.concat([read_table(path, table) for path in paths], ignore_index=True)
    return frame.sort_values("path", kind="stable", ignore_index=True)


def _join_profiles(
    paths: Sequence[str | os.PathLike], output: str | os.PathLike, provenance: dict
) -> None:
    """Join part by part: the rows of a large library do not fit into memory."""
    schema = to_arrow(pd.DataFrame(columns=TAGGER_PROFILES.names), TAGGER_PROFILES).schema
    schema = schema.with_metadata({"scorelens": json.dumps(provenance, sort_keys=True)})
    with (
        atomic(output) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for path in paths:
            part = to_arrow(read_table(path, TAGGER_PROFILES), TAGGER_PROFILES)
            part = pa.Table.from_batches(part.to_batches(), schema)
            # One row group, so that no track is in two.
            writer.write_table(part, row_group_size=max(1, len(part)))


def _empty_folder(folder: str | os.PathLike) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)


def _write_sidecars(
    tracks: pd.DataFrame, ranking: pd.DataFrame, home: str, provenance: dict, folder: Path
) -> None:
    """A JSON file for each track: its columns, and its tags by rank."""
    tags: dict[str, list] = {path: [] for path in tracks["path"]}
    ranked = ranking.sort_values("rank", kind="stable")
    for path, genre, share in ranked[["path", "genre", "probability"]].itertuples(index=False):
        tags[path].append({"genre": genre, "probability": round(share, 4)})
    model = {
        "model": provenance["model"],
        "films": provenance["films"],
        "scorelens": __version__,
    }
    for row in tracks.to_dict("records"):
        content = {name: None if pd.isna(value) else value for name, value in row.items()}
        content |= {"file": os.path.join(home, row["path"]), "tags": tags[row["path"]], **model}
        target = folder / sidecar_name(row["path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, ensure_ascii=False, indent=1)
        target.write_text(text + "\n", encoding="utf-8")


def _write_playlists(
    tracks: pd.DataFrame, ranking: pd.DataFrame, home: str, provenance: dict, folder: Path
) -> None:
    """A playlist for each genre, by probability.

    It holds the tracks with the genre as first tag, and, if the model is calibrated, those with a
    probability above PLAYLIST_THRESHOLD.
    """
    is_probable = (ranking["probability"] > PLAYLIST_THRESHOLD) & provenance["calibrated"]
    chosen = ranking[(ranking["rank"] == 1) | is_probable]
    chosen = chosen.merge(tracks[["path", "duration_s", "title", "artist", "composer"]], on="path")
    chosen = chosen.sort_values("probability", ascending=False, kind="stable")
    for genre in provenance["genres"]:
        text = playlist(home, chosen[chosen["genre"] == genre])
        (folder / f"{slug(genre)}.m3u8").write_text(text, encoding="utf-8")
