"""Tables and media of small films for the pages of the desk, and the pages written from them."""

from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.desk import film_page, index_page
from scorelens.desk.assets.copying import copy_assets
from tests.cue_tables import cue_table
from tests.media_files import ffmpeg

SECONDS = 24
EVIL = "</script><img src=x onerror=alert(1)>\"'&amp; $1"
VIDEO = 'It\'s "100% #1" — 映画;.mp4'
# Names of the files of the tracks.
FILES = {"theme": "01 Thème #1 100%.flac", "chase": 'O\'Brien "Chase" 追跡.ogg', "love": "love.wav"}
UNKNOWN = {"music_threshold": 0.5, "min_unknown_s": 3.0, "cue_margin_s": 1.0}
CUES = cue_table(
    "night", ("theme", 2.0, 8.0, 1.5), ("chase", 7.0, 12.0, 0.0), ("theme", 14.0, 20.0, 3.0)
)
CONFIDENCES = (0.97, 0.83, 0.61)
CUES = CUES.assign(confidence=CONFIDENCES, speed=(1.0, 1.25, 1.0))
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
VP8 = ("-c:v", "libvpx", "-threads", "1", "-deadline", "realtime", "-c:a", "libvorbis")


def write_video(path: Path, codecs=H264, seconds=SECONDS) -> Path:
    """A test card with a tone of 440 Hz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = ("-f", "lavfi", "-i", f"testsrc=size=160x90:rate=12:duration={seconds}")
    sound = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")
    ffmpeg(*picture, *sound, *codecs, "-shortest", path)
    return path


def write_tracks(folder: Path) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(FILES.values()):
        tone = f"sine=frequency={550 + 110 * number}:duration=12"
        ffmpeg("-f", "lavfi", "-i", tone, folder / name)
    return {track: folder / name for track, name in FILES.items()}


def track_table(film: str, files: dict[str, Path], titles=("Main " + EVIL, "", "")) -> pd.DataFrame:
    rows = [
        {"film_id": film, "track_id": track, "path": str(path), "title": title}
        for (track, path), title in zip(files.items(), titles, strict=True)
    ]
    tags = dict.fromkeys(("artist", "composer", "album", "isrc", "publisher"), "") | {
        "disc": None,
        "number": None,
    }
    more = {"start_s": 0.0, "duration_s": 12.0, "sample_rate_hz": 44100, "sha256": "0" * 64}
    return pd.DataFrame(rows).assign(**more, **tags)


def seconds_of(film: str, seconds: int, **columns) -> pd.DataFrame:
    return pd.DataFrame({"film_id": film, "time_s": np.arange(seconds, dtype=float), **columns})


def write_tables(
    folder: Path, film="night", cues=CUES, seconds=SECONDS, files=None
) -> dict[str, str]:
    """The tables of one film; returns the argument `files` of its page."""
    files = files or {track: folder / name for track, name in FILES.items()}
    rng = np.random.default_rng(0)
    status = {
        **{
            "film_id": film,
            "status": "ok",
            "problems": "",
            "notes": EVIL,
            "duration_s": float(seconds),
        },
        **{"has_picture": True, "tracks": 3, "video_sha256": "0" * 64, "video_bytes": 1},
        **{"frame_rate_hz": 25.0},
    }
    sound = rng.uniform(0, 1, (seconds, 3)).astype(np.float32)
    picture = {name: np.full(seconds, 0.5) for name in tables.VISUALS.names[2:]}
    picture |= {"brightness": np.linspace(0, 1, seconds), "cuts": np.arange(seconds) % 5 == 0}
    visuals = seconds_of(film, seconds, **picture).astype({"cuts": int})
    music = seconds_of(film, seconds, music=sound[:, 0], speech=sound[:, 1], singing=sound[:, 2])
    music.loc[music.time_s >= seconds - 4, "music"] = np.float32(0.9)
    frames = {
        "cues": (cues, tables.CUES, "parquet"),
        "status": (pd.DataFrame([status]), tables.STATUS, "tsv"),
        "tracks": (track_table(film, files), tables.TRACKS, "tsv"),
        "visuals": (visuals, tables.VISUALS, "parquet"),
        "music": (music, tables.MUSIC, "parquet"),
    }
    paths = {}
    for name, (frame, schema, ending) in frames.items():
        path = folder / name / f"{film}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        tables.write_table(frame, path, schema)
        paths[name] = str(path)
    return {**paths, "machine_cues": paths["cues"]}


def write_film(
    folder: Path, video: Path, files: dict[str, str], film="night", title="Night " + EVIL, given=()
) -> Path:
    """The page of a film in the folder `desk`, with its assets; returns its path."""
    page = folder / "desk" / "films" / f"{film}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    values = {"film_id": film, "title": title, "year": 1999, "genres": ["Drama"]}
    film_page.write_film_page(
        {**values, "video": str(video), "is_preview": False}, files, given, UNKNOWN, page
    )
    copy_assets(folder / "desk" / "assets")
    return page


def write_index(folder: Path, rows: list[dict], given=(), unknown=None) -> Path:
    """The index of films of given ids, titles, genres, cues and notes; returns its path."""
    films = pd.DataFrame(
        [
            {
                **{"film_id": row["film_id"], "title": row["title"], "year": row.get("year")},
                **{
                    "genres": row["genres"],
                    "duration_s": float(SECONDS),
                    "has_picture": True,
                    "tracks": 3,
                },
            }
            for row in rows
        ]
    ).astype({"year": "Int64"})
    status = [
        {
            **{"film_id": row["film_id"], "status": "ok", "problems": "", "notes": row["notes"]},
            **{"duration_s": float(SECONDS), "has_picture": True, "tracks": 3},
            **{"video_sha256": "0" * 64, "video_bytes": 1},
            **{"frame_rate_hz": 25.0},
        }
        for row in rows
    ]
    (folder / "index_cues").mkdir(parents=True, exist_ok=True)
    cues = []
    for row in rows:
        cues.append(str(folder / "index_cues" / f"{row['film_id']}.parquet"))
        tables.write_table(row["cues"].assign(film_id=row["film_id"]), cues[-1], tables.CUES)
    tables.write_table(films, folder / "films.tsv", tables.FILMS)
    tables.write_table(pd.DataFrame(status), folder / "status.tsv", tables.STATUS)
    desk = folder / "desk"
    desk.mkdir(exist_ok=True)
    outputs = {"index": desk / "index.html", "given": desk / "given.js", "assets": desk / "assets"}
    index_page.write_index(
        *(folder / "films.tsv", folder / "status.tsv", {"matched": cues, "corrected": []}),
        *(unknown, {"all": given}, outputs),
    )
    return desk / "index.html"
