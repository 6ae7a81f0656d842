"""Films whose cues tests export: their tables, and the film that is joined from them."""

import pandas as pd

from scorelens import tables
from scorelens.exports.film import read_film
from scorelens.exports.registry import FORMATS
from tests.album_tables import titled_tracks
from tests.cue_tables import cue_table

# Title, artist, composer, disc, number: markup, quotes, tabs, formulas, bars and other scripts.
TITLES = (
    '<b>Élan</b> & "Main"\tTitle',
    "=1+1",
    '"Crocodile" Dundee | 夜汽車 --> \N{STEAM LOCOMOTIVE}',
    "רכבת לילה; $Ärger$ ]]>",
)
CLEAN = tuple(" ".join(title.split()) for title in TITLES)
TRACKS = titled_tracks(
    "a_film",
    *((title, "Jo Field", "Ann O'Ther", 1, number) for number, title in enumerate(CLEAN, 1)),
).assign(publisher="P & Q <Music>", isrc="USABC1234567", album='The "Album"')
# Track, start and end in the film, start in the track: three at once, and one that is used twice.
SPANS = (
    ("t0", 1.2345, 62.0, 0.0),
    ("t1", 30.0, 90.5, 5.25),
    ("t2", 40.0, 50.0, 12.0),
    ("t0", 62.0, 70.0, 30.0),
    ("t3", 3599.5, 3605.0, 1.0),
)
TITLE = 'A <i>Film</i> & its "Music" 映画'


def write_inputs(
    folder, spans=SPANS, rate_hz=25.0, tracks=TRACKS, singing=None, diegetic=None, **columns
):
    """Write the tables of a film; returns their paths. `singing`: seconds; `diegetic`: by cue."""
    cues = cue_table("a_film", *spans).assign(**columns)
    seconds = cues.film_start_s.round()
    powers = {"music_db": -36.2, "rest_db": -30.0, "music_to_rest_db": -6.2}
    levels = cues[["film_id", "cue_id"]].assign(time_s=seconds, **powers, is_foreground=False)
    status = {"film_id": "a_film", "status": "ok", "problems": "", "notes": ""}
    status |= {"duration_s": 3700.0, "has_picture": True, "frame_rate_hz": rate_hz}
    status |= {"tracks": len(tracks), "video_sha256": "ab", "video_bytes": 9}
    frames = {
        "cues": (cues, tables.CUES),
        "levels": (levels, tables.CUE_LEVELS),
        "tracks": (tracks, tables.TRACKS),
        "status": (pd.DataFrame([status]), tables.STATUS),
    }
    if singing is not None:
        music = pd.DataFrame({"time_s": [float(k) for k in range(3700)], "film_id": "a_film"})
        music = music.assign(music=1.0, speech=0.0, singing=music.time_s.isin(singing) * 1.0)
        frames["music"] = (
            music.astype(dict.fromkeys(("music", "speech", "singing"), "f4")),
            (tables.MUSIC),
        )
    if diegetic is not None:
        frames["decisions"] = decisions_of(diegetic), tables.DECISIONS
    paths = {}
    for name, (frame, schema) in frames.items():
        paths[name] = folder / f"{name}.tsv"
        tables.write_table(frame, paths[name], schema)
    return paths


def decisions_of(diegetic):
    """DECISIONS: one of each cue in `diegetic`, and one that fits no cue."""
    rows = pd.DataFrame([*diegetic.items(), ("", "no")], columns=["cue_id", "diegetic"])
    of_all = {c.name: "" if c.dtype == "string" else 1.0 for c in tables.DECISIONS.columns}
    more = of_all | {"film_id": "a_film", "state": "applied", "verdict": "right"}
    return rows.assign(**{name: more[name] for name in more if name not in rows})


def make_film(folder, frame_rate="auto", **inputs):
    """The film of the tables that `write_inputs` writes."""
    paths = write_inputs(folder, **inputs)
    return read_film(paths, TITLE, folder / "a film #1.mp4", frame_rate, 0.5)


def exported(film, name, folder):
    """Path of the film in a format."""
    path = folder / f"{film.film_id}.{FORMATS[name].ending}"
    FORMATS[name].load().write_film(film, path)
    return path
