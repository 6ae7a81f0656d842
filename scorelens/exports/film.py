"""The cues of a film as they are exported, joined from the tables of the run."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_names, track_titles
from scorelens.cues import describe_cues
from scorelens.exports.frame_rate import nearest_frame, standard_rate, timecode
from scorelens.music import singing_share

AUTO = "auto"
MIN_SINGING = 0.2  # share of the seconds of a vocal cue with singing
TAGS = ("composer", "artist", "publisher", "album", "isrc")
CREDITS = ("title", *TAGS)
OPTIONAL = ("vocal", "diegetic")  # empty where nothing is known

Cue = Any  # a row of CUE_SHEET, with its columns as attributes


@dataclass(frozen=True)
class Film:
    """A film with its cues.

    Parameters
    ----------
    film_id, title : str
        The title in one line.
    video : str
        The file.
    duration_s : float
        Running time, s.
    frame_rate : Fraction
        Of the time code, Hz.
    cue_table : DataFrame
        Rows of CUE_SHEET.
    """

    film_id: str
    title: str
    video: str
    duration_s: float
    frame_rate: Fraction
    cue_table: pd.DataFrame

    @property
    def cues(self) -> list[Cue]:
        """The cues in the order of the film, each with the columns of CUE_SHEET as attributes."""
        return list(self.cue_table.itertuples(index=False, name="Cue"))

    @property
    def frames(self) -> int:
        """Running time, frames: at least to the end of the last cue."""
        last = self.cue_table.out_frame.max() if len(self.cue_table) else 1
        return max(nearest_frame(self.duration_s, self.frame_rate), int(last))

    def timecode(self, frame: int) -> str:
        """Time code of a frame of the film, or of a number of frames."""
        return timecode(frame, self.frame_rate)


def read_film(
    inputs: Mapping[str, str | os.PathLike],
    title: str,
    video: str | os.PathLike,
    frame_rate: float | str,
    singing_threshold: float,
) -> Film:
    """Join the tables of a film.

    Parameters
    ----------
    inputs : mapping of str to path
        The film's tables `status` (STATUS), `cues` (CUES), `levels` (CUE_LEVELS), `tracks` (TRACKS)
        and, if singing was detected, `music` (MUSIC), if people corrected cues, `decisions`
        (DECISIONS).
    title : str
        Title of the film.
    video : path
        Its file.
    frame_rate : float or "auto"
        Of the time code, Hz; `auto` for that of the film.
    singing_threshold : float
        Probability from which a second has singing, 0..1.

    Returns
    -------
    Film
    """
    status = tables.read_table(inputs["status"], tables.STATUS).iloc[0]
    rate = standard_rate(status.frame_rate_hz if frame_rate == AUTO else float(frame_rate))
    tracks = tables.read_table(inputs["tracks"], tables.TRACKS)
    cues = tables.read_table(inputs["cues"], tables.CUES)
    levels = tables.read_table(inputs["levels"], tables.CUE_LEVELS)
    cues = cues.join(describe_cues(cues, levels)).rename(columns={"role": "use"})
    if "music" in inputs:
        music = tables.read_table(inputs["music"], tables.MUSIC)
        cues["vocal"] = _vocal(music, cues, singing_threshold)
    if "decisions" in inputs:
        decisions = tables.read_table(inputs["decisions"], tables.DECISIONS)
        by_cue = decisions[decisions.cue_id != ""].set_index("cue_id").diegetic
        cues["diegetic"] = cues.cue_id.map(by_cue).fillna("")
    film_title = " ".join(title.split())
    rows = _with_timecode(_with_tracks(cues, tracks), rate).assign(film_title=film_title)
    rows = rows.assign(label=[describe_cue(cue) for cue in rows.itertuples()])
    sheet = tables.as_typed(rows[tables.CUE_SHEET.names], tables.CUE_SHEET)
    return Film(status.film_id, film_title, os.fspath(video), status.duration_s, rate, sheet)


def describe_cue(cue: Cue) -> str:
    """One line about a cue.

    Parameters
    ----------
    cue : row of CUE_SHEET
        With its track's name as `name`.

    Returns
    -------
    str
        For example "Main Title - Jo Field from 1:23 (0.99), background, -6 dB". The level is left
        out if it was not measured.
    """
    minutes, seconds = divmod(cue.track_start_s, 60)
    start = f"{minutes:.0f}:{int(seconds):02d}"
    level = cue.music_to_rest_db
    decibels = "" if math.isnan(level) else f", {round(level):+d} dB"
    return f"{cue.name} from {start} ({cue.confidence:.2f}), {cue.use}{decibels}"


def file_url(path: str | os.PathLike) -> str:
    """URL of a file, which editors find it by from anywhere.

    Parameters
    ----------
    path : path

    Returns
    -------
    str
        Absolute, with characters escaped.

    Examples
    --------
    >>> file_url("/music/No. #1?.flac")
    'file:///music/No.%20%231%3F.flac'
    """
    return Path(path).absolute().as_uri()


def tracks_used(film: Film) -> pd.DataFrame:
    """Merge the cues of each track.

    Parameters
    ----------
    film : Film

    Returns
    -------
    DataFrame
        Rows of AS_USED.
    """
    rows = []
    for track_id, cues in film.cue_table.groupby("track_id", sort=False):
        first = cues.iloc[0]
        frames = int((cues.out_frame - cues.in_frame).sum())
        of_track = {"film_id": film.film_id, "film_title": film.title, "track_id": track_id}
        of_track |= {name: first[name] for name in CREDITS}
        of_track |= {"uses": len(cues), "timecode_first": film.timecode(int(cues.in_frame.min()))}
        of_track |= {"timecode_total": film.timecode(frames), "total_s": frames / film.frame_rate}
        rows.append(of_track)
    return tables.as_typed(pd.DataFrame(rows, columns=tables.AS_USED.names), tables.AS_USED)


def _with_tracks(cues: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of the tracks, and empty ones for what is not known."""
    names, titles = track_names(tracks), track_titles(tracks)
    by_id = tracks.set_index("track_id").rename(
        columns={"start_s": "track_file_start_s", "duration_s": "track_duration_s"}
    )
    columns = [*TAGS, "path", "track_file_start_s", "track_duration_s"]
    rows = cues.assign(**{name: cues.get(name, "") for name in OPTIONAL})
    rows = rows.join(by_id[columns], on="track_id")
    return rows.rename(columns={"path": "track_path"}).assign(
        title=rows.track_id.map(titles), name=rows.track_id.map(names)
    )


def _with_timecode(cues: pd.DataFrame, rate: Fraction) -> pd.DataFrame:
    starts = [nearest_frame(time_s, rate) for time_s in cues.film_start_s]
    ends = [
        max(start + 1, nearest_frame(time_s, rate))
        for start, time_s in zip(starts, cues.film_end_s, strict=True)
    ]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    codes = {"timecode_in": starts, "timecode_out": ends, "timecode_duration": lengths}
    return cues.assign(
        in_frame=starts,
        out_frame=ends,
        frame_rate_hz=float(rate),
        **{name: [timecode(frame, rate) for frame in frames] for name, frames in codes.items()},
    )


def _vocal(music: pd.DataFrame, cues: pd.DataFrame, singing_threshold: float) -> list[str]:
    shares = singing_share(music, cues.film_start_s, cues.film_end_s, singing_threshold)
    return ["" if math.isnan(s) else "yes" if s >= MIN_SINGING else "no" for s in shares]
