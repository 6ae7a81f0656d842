"""One library out of its parts: tables, a sidecar file a track, a playlist a genre, the page."""

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
    TAGGER_ANSWERS,
    TAGGER_LIBRARY,
    TAGGER_PROFILES,
    Table,
    atomic,
    read_provenance,
    read_table,
    to_arrow,
    write_table,
)
from scorelens.tagger.page.write import write_page

LIKELY = 0.5  # from here on a track is in the playlist of a genre that is not its first
LONGEST_NAME = 200  # bytes; file systems take 255, and endings and temporary names need some


class Parts(NamedTuple):
    """The tables of the parts of a library, files in the same order; see `apply.tag_part`."""

    tracks: Sequence[str | os.PathLike]
    answers: Sequence[str | os.PathLike]
    profiles: Sequence[str | os.PathLike]


def list_library(
    library: str,
    folder: str | os.PathLike,
    parts: Parts,
    tracks: str | os.PathLike,
    answers: str | os.PathLike,
    profiles: str | os.PathLike,
    tags: str | os.PathLike,
    playlists: str | os.PathLike,
    page: str | os.PathLike,
) -> None:
    """Write all there is to say of a library.

    folder: of the music; nothing is written there. tracks, answers, profiles: where the joined
    tables go. tags, playlists: folders, made anew, of a JSON file a track and an M3U file a genre.
    page: where the page goes.
    """
    home = os.path.abspath(folder)
    facts = read_provenance(parts.tracks[0])
    found, said = _joined(parts.tracks, TAGGER_LIBRARY), _joined(parts.answers, TAGGER_ANSWERS)
    write_table(found, tracks, TAGGER_LIBRARY)
    write_table(said, answers, TAGGER_ANSWERS)
    _join_profiles(parts.profiles, profiles, facts)
    _write_sidecars(found, said, home, facts, _fresh(tags))
    _write_playlists(found, said, home, facts, _fresh(playlists))
    write_page(library, home, found, said, profiles, facts, page)


def playlist(home: str, tracks: pd.DataFrame) -> str:
    """The text of an extended M3U of tracks in their order.

    tracks: `path` as seen from home, `duration_s`, `title`, `artist` and `composer`. Paths are
    absolute: players disagree on what relative ones count from.
    """
    lines = ["#EXTM3U"]
    for track in tracks.itertuples():
        # Players part the artist from the title by the dash.
        names = (track.artist or track.composer, track.title or file_title(track.path))
        words = " - ".join(filter(None, names))
        lines += [f"#EXTINF:{round(track.duration_s)},{words}", os.path.join(home, track.path)]
    return "\n".join(lines) + "\n"


def sidecar_name(path: str) -> str:
    """Where the tags of a track stand in the folder of tags: its path and `.json`.

    A part of the path that no file system would take with that ending is cut, with a hash.
    """
    *folders, name = path.split("/")
    if len(os.fsencode(name)) > LONGEST_NAME:
        mark = hashlib.sha256(name.encode()).hexdigest()[:10]
        name = f"{name.encode()[: LONGEST_NAME - 11].decode(errors='ignore')}~{mark}"
    return "/".join([*folders, f"{name}.json"])


def _joined(paths: Sequence[str | os.PathLike], table: Table) -> pd.DataFrame:
    """The tables of the parts one after the other, by path."""
    frame = pd.concat([read_table(path, table) for path in paths], ignore_index=True)
    return frame.sort_values("path", kind="stable", ignore_index=True)


def _join_profiles(
    paths: Sequence[str | os.PathLike], output: str | os.PathLike, facts: dict
) -> None:
    """Part after part: a row a second and genre of a large library do not fit into memory."""
    schema = to_arrow(pd.DataFrame(columns=TAGGER_PROFILES.names), TAGGER_PROFILES).schema
    schema = schema.with_metadata({"scorelens": json.dumps(facts, sort_keys=True)})
    with (
        atomic(output) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for path in paths:
            part = to_arrow(read_table(path, TAGGER_PROFILES), TAGGER_PROFILES)
            part = pa.Table.from_batches(part.to_batches(), schema)
            # In one row group, so that no track is in two.
            writer.write_table(part, row_group_size=max(1, len(part)))


def _fresh(folder: str | os.PathLike) -> Path:
    """An empty folder in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)


def _write_sidecars(
    tracks: pd.DataFrame, answers: pd.DataFrame, home: str, facts: dict, folder: Path
) -> None:
    """A JSON file a track: what it is, and its tags, likeliest first."""
    tags: dict[str, list] = {path: [] for path in tracks["path"]}
    ranked = answers.sort_values("rank", kind="stable")
    for path, genre, share in ranked[["path", "genre", "probability"]].itertuples(index=False):
        tags[path].append({"genre": genre, "probability": round(share, 4)})
    about = {"model": facts["model"], "films": facts["films"], "scorelens": __version__}
    for row in tracks.to_dict("records"):
        known = {name: None if pd.isna(value) else value for name, value in row.items()}
        known |= {"file": os.path.join(home, row["path"]), "tags": tags[row["path"]], **about}
        target = folder / sidecar_name(row["path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_playlists(
    tracks: pd.DataFrame, answers: pd.DataFrame, home: str, facts: dict, folder: Path
) -> None:
    """A playlist a genre: the tracks whose first tag it is, best first.

    So are those that likely have it, where the probability is calibrated.
    """
    likely = (answers["probability"] > LIKELY) & facts["calibrated"]
    given = answers[(answers["rank"] == 1) | likely]
    given = given.merge(tracks[["path", "duration_s", "title", "artist", "composer"]], on="path")
    given = given.sort_values("probability", ascending=False, kind="stable")
    for genre in facts["genres"]:
        text = playlist(home, given[given["genre"] == genre])
        (folder / f"{slug(genre)}.m3u8").write_text(text, encoding="utf-8")
