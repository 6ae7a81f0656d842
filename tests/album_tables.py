"""Track tables in the format of the corpus check, for files that tests write."""

import os

import pandas as pd

from scorelens import media, tables


def make_tracks(rows):
    """TRACKS of whole, untagged files. rows: film, track_id, path, duration_s, sample_rate_hz."""
    names = ["film_id", "track_id", "path", "duration_s", "sample_rate_hz"]
    frame = pd.DataFrame(rows, columns=names).astype({"path": str})
    digests = [media.sha256(path) if os.path.isfile(path) else "" for path in frame.path]
    texts = dict.fromkeys(("title", "artist", "composer", "album", "isrc", "publisher"), "")
    numbers = dict.fromkeys(("disc", "number"), pd.NA)
    return frame.assign(start_s=0.0, **texts, **numbers, sha256=digests)


def write_tracks(rows, path, table=tables.TRACKS):
    """Write TRACKS, or ALBUM_TRACKS with the album in place of the film; return the path."""
    frame = make_tracks(rows)
    if table is tables.ALBUM_TRACKS:
        frame = frame.rename(columns={"film_id": "album_id"})
    tables.write_table(frame, path, table)
    return path


def titled_tracks(film_id, *rows):
    """TRACKS of t0, t1, ... with title, artist, composer, disc and number."""
    ids = [f"t{number}" for number in range(len(rows))]
    frame = make_tracks(
        [(film_id, track_id, f"album/{track_id}.flac", 60.0, 44100) for track_id in ids]
    )
    columns = ["title", "artist", "composer", "disc", "number"]
    tags = pd.DataFrame(rows, columns=columns).astype({"disc": "Int64", "number": "Int64"})
    return frame.assign(**{name: tags[name] for name in columns})
