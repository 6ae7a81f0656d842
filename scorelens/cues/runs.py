"""Turn the runs of lines into cues: join what goes on, find edges, list what matches as well."""

from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues.coincidence import (
    CLASSES,
    MATCHED_SHARES,
    SECOND_NATS,
    SHIFTS,
    TrackLandmarks,
    chance_of,
    class_nats,
    coincidences,
)
from scorelens.cues.confidence import confidence
from scorelens.cues.lines import Line
from scorelens.cues.tracking import GRIDS, Film, Run, refit
from scorelens.fingerprints import Album, Landmarks

EDGE_S = 3.0  # edges are searched so far on either side of the second that the path gives
JOIN_GAP_S = 2.0  # runs of one track that go on within so much film time, and
JOIN_TRACK_S = 0.3  # with so small a jump in the track, are one cue
JOIN_OCTAVES = 1 / 12
SAME_SPEED = 3e-3  # a pitch that differs so little from that of the speed, or from 0, is it
# Speeds of video transfers: 25/24, 24/25, and 1001/1000 where 23.976 or 29.97 Hz meet 24 or 30 Hz.
TRANSFERS = np.array([1.0, 25 / 24, 24 / 25, 1.001, 1 / 1.001, 25.025 / 24, 24 / 25.025])
SNAP = 3e-4  # a speed within this of a transfer's is taken to be it
RIVAL_SUPPORT = 0.8  # another line that explains this share of a cue's evidence is as good
MIN_DISTANCE_S = 0.25  # positions in a track nearer than this are one
FADE_S = 0.5  # how far a cue goes on, fading, after its last landmark that coincides
EDGE_SHARE = 0.3  # of the share of matched landmarks in a cue as a whole
# Fitted to right and wrong cues of films with treated music of six games. Wrong ones count tenfold,
# for hours of other music are more common in films than in those.
MIDPOINT, CONFIDENCE_SLOPE = 500.0, 2.55  # of evidence times evidence a second


def cue_table(
    film_id: str, film: Film, album: Album, tracks: Sequence[TrackLandmarks], runs: Sequence[Run]
) -> pd.DataFrame:
    """Make the cue table of a film.

    Parameters
    ----------
    film_id : str
        Id of the film.
    film : Film
        Its landmarks.
    album : Album
        The album.
    tracks : sequence of TrackLandmarks
        Landmarks of its tracks.
    runs : sequence of Run
        From `tracking.track_music`.

    Returns
    -------
    DataFrame
        `tables.CUES` in order of time.
    """
    groups = [
        [run._replace(line=refit(film, tracks, run.line, run.first, run.stop)) for run in group]
        for group in join_runs(runs, film.hop_s)
    ]
    grid_of = lru_cache(maxsize=GRIDS)(lambda number: tracks[number].grid())
    edge = partial(_edge, film, tracks, grid_of, [run for group in groups for run in group])
    by_track = sorted(groups, key=lambda group: group[0].line.track)
    rows = [_cue(film, album, edge, group) for group in by_track]
    cues = pd.DataFrame(sorted(rows, key=lambda row: row["film_start_s"]))
    cues = cues.reindex(columns=tables.CUES.names)
    cues["film_id"], cues["verdict"] = film_id, ""
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    return tables.as_typed(cues, tables.CUES)


def join_runs(runs: Sequence[Run], hop_s: float) -> list[list[Run]]:
    """Group runs in which a track goes on, as where the speed of a film changes.

    A run of a track at the time of a stronger run of it is a repetition in the music, and is left
    out.

    Parameters
    ----------
    runs : sequence of Run
        In any order.
    hop_s : float
        Length of a frame, s.

    Returns
    -------
    list of list of Run
        In order of time.
    """
    distinct: list[Run] = []
    for run in sorted(runs, key=lambda run: -run.nats):
        if not any(_is_inside(run, one) for one in distinct):
            distinct.append(run)
    groups: list[list[Run]] = []
    for run in sorted(distinct, key=lambda run: run.first):
        # Of lines that are as good, that on which a cue goes on.
        as_good = [run, *(run._replace(line=line, nats=nats) for line, nats in _rivals(run))]
        longer = [(g, one) for one in as_good for g in groups if _goes_on(g[-1], one, hop_s)]
        if longer:
            group, run = longer[0]
            group.append(run)
        else:
            groups.append([run])
    return groups


def _rivals(run: Run) -> list[tuple[Line, float]]:
    """Lines that explain a run about as well, with their evidence, the best first."""
    return [(line, nats) for line, nats in run.rivals if nats >= RIVAL_SUPPORT * run.nats]


def _is_inside(run: Run, stronger: Run) -> bool:
    overlap = min(run.stop, stronger.stop) - max(run.first, stronger.first)
    return run.line.track == stronger.line.track and 2 * overlap > run.stop - run.first


def _goes_on(before: Run, after: Run, hop_s: float) -> bool:
    frame = after.first / hop_s
    jump = (after.line.track_frame_at(frame) - before.line.track_frame_at(frame)) * hop_s
    is_near = after.line.track == before.line.track and after.first - before.stop <= JOIN_GAP_S
    is_as_high = abs(after.line.octaves - before.line.octaves) <= JOIN_OCTAVES
    return is_near and is_as_high and abs(jump) <= JOIN_TRACK_S


def _cue(film: Film, album: Album, edge, group: list[Run]) -> dict[str, object]:
    first, last = group[0], group[-1]
    start_s, start_track_s = edge(first, -1)
    end_s, end_track_s = edge(last, 1)
    if len(group) == 1:
        speed = first.line.rate
    else:
        speed = (end_track_s - start_track_s) / max(end_s - start_s, film.hop_s)
    end_s += album.settings.window_s  # which the last landmark rests on
    nats = sum(run.nats for run in group)
    octaves = float(
        np.average([run.line.octaves for run in group], weights=[r.nats for r in group])
    )
    speed, octaves = plain_rates(speed, octaves)
    density = nats / max(end_s - start_s, 1.0)
    return {
        "track_id": album.track_ids[first.line.track],
        "film_start_s": start_s,
        "film_end_s": end_s,
        "track_start_s": max(0.0, start_track_s),
        **_equals(film, album, group, start_s),
        "speed": speed,
        "tempo": speed,
        "pitch_semitones": 12 * octaves,
        "score": nats,
        "confidence": float(confidence(nats * density, MIDPOINT, CONFIDENCE_SLOPE)),
    }


def plain_rates(speed: float, octaves: float) -> tuple[float, float]:
    """Take estimates to be what they are near: the speed of a transfer, no change of pitch.

    Parameters
    ----------
    speed : float
        Track seconds that pass in a second of film.
    octaves : float
        How much higher the film plays the track.

    Returns
    -------
    speed, octaves : float

    Examples
    --------
    >>> plain_rates(1.0001, 0.0002)
    (1.0, 0.0)
    >>> plain_rates(1.0415, 0.0591)[0] == 25 / 24
    True
    >>> plain_rates(1.08, 0.001)
    (1.08, 0.0)
    """
    if abs(2.0**octaves / speed - 1) <= SAME_SPEED:
        nearest = float(TRANSFERS[np.abs(TRANSFERS - speed).argmin()])
        speed = nearest if abs(nearest - speed) <= SNAP else speed
        return speed, float(np.log2(speed))
    return speed, 0.0 if abs(2.0**octaves - 1) <= SAME_SPEED else octaves


def _edge(film: Film, tracks, grid_of, runs: list[Run], run: Run, side: int) -> tuple[float, float]:
    """Film time and track time at the start (side -1) or end (1) of a run, s.

    The most probable one, if outside as much of the landmarks coincides as by chance, or with the
    run that comes before or after.
    """
    hop_s = film.hop_s
    second = run.first if side < 0 else run.stop
    nearest = max(0.0, min(EDGE_S, (run.stop - run.first) / 3))
    innermost = (second - side * nearest) / hop_s
    low, high = sorted((innermost, (second + side * EDGE_S) / hop_s))
    moments, nats = _landmark_nats(film, grid_of, run, low, high)
    others = [
        one
        for one in runs
        if one.line != run.line and one.first < high * hop_s and low * hop_s < one.stop
    ]
    for other in others:
        theirs = _landmark_nats(film, grid_of, other, low, high)[1]
        if other.line.track == run.line.track:
            nats = nats - theirs  # a track does not play twice at once
        else:  # what another track explains as well says nothing
            nats = np.where((theirs > 0) & (theirs >= nats), 0.0, nats)
    order = np.argsort(side * moments, kind="stable")
    moments = moments[order]
    total = np.cumsum(nats[order]) - SECOND_NATS * hop_s * np.abs(moments - innermost)
    best = int(total.argmax()) if len(total) else 0
    moment = float(moments[best]) if len(total) and total[best] > 0 else innermost
    if not others:
        moment += side * FADE_S / hop_s
    moment = float(np.clip(moment, *_limits(run.line, tracks[run.line.track])))
    return moment * hop_s, run.line.track_frame_at(moment) * hop_s


def _landmark_nats(
    film: Film, grid_of, run: Run, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the landmarks between two frames, and what each says for a run, nats."""
    grid = grid_of(run.line.track)
    moments, nats = [np.zeros(0)], [np.zeros(0)]
    for channel in film.channels:
        inside = channel.between(run.first / film.hop_s, run.stop / film.hop_s)
        around = channel.between(low, high)
        if len(inside.frames) and len(around.frames):
            moments.append(around.frames)
            hit = coincidences(around, grid, run.line)[0]
            nats.append(_class_nats(inside, grid, run.line)[hit])
    return np.concatenate(moments), np.concatenate(nats)


def _limits(line: Line, track: TrackLandmarks) -> tuple[float, float]:
    """Film frames at which the track, or before it the film, starts, and the track ends."""
    start = line.film_frame - line.track_frame / line.rate
    return max(0.0, start), start + track.frames / line.rate


def _class_nats(part: Landmarks, grid: np.ndarray, line: Line) -> np.ndarray:
    """Evidence of a landmark of each class for a run, at an edge, where music is often soft."""
    on_line, *shifted = coincidences(part, grid, line, (0, *SHIFTS))
    chance = chance_of(np.bincount(np.ravel(shifted), minlength=1 + len(CLASSES)))
    excess = float(np.mean(on_line > 0) - chance.sum())
    return class_nats(chance, max(MATCHED_SHARES[0], EDGE_SHARE * excess))


def _equals(film: Film, album: Album, group: list[Run], start_s: float) -> dict[str, object]:
    """Other positions in the track and other tracks that hold the same music, best first."""
    run = max(group, key=lambda one: one.nats)
    as_good = [line for line, _ in _rivals(run)]
    frame = start_s / film.hop_s
    own = run.line.track_frame_at(frame) * film.hop_s
    apart: list[float] = []
    for line in as_good:
        at = line.track_frame_at(frame) * film.hop_s
        if line.track == run.line.track and all(
            abs(at - known) > MIN_DISTANCE_S for known in [own, *apart]
        ):
            apart.append(round(max(0.0, float(at)), 2))
    others = dict.fromkeys(
        album.track_ids[line.track] for line in as_good if line.track != run.line.track
    )
    return {"equal_starts_s": tuple(apart), "shared_tracks": tuple(others)}
