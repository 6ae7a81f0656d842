"""The cue table of a film."""

import logging
import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens import fingerprints, media, tables
from scorelens.cues import alignment, dejavu, speed
from scorelens.cues.alignment import Evidence, Sound
from scorelens.cues.confidence import confidence
from scorelens.cues.viterbi import best_path, stretches
from scorelens.fingerprints import Album, Index
from scorelens.fingerprints.dejavu import read_index

# Of `confidence`: from the 984 cues, right and wrong, of 26 films mixed from free music, speech and
# effects, with `entry` at 25 nats.
DOUBT_NATS, DOUBT_SLOPE = 74.4, 5.3
COVER = 0.8  # another line that explains so much of a cue's seconds is a rival
EQUAL = 0.5  # and as good with so much of all its evidence: it hangs on fractions of a frame
APART_S = 0.25  # places nearer than this are one
ALONE = 4.0  # a first landmark further off than so many of the gaps of the others is chance

log = logging.getLogger(__name__)


def match_film(
    method: str,
    film_id: str,
    video: str | os.PathLike,
    index: str | os.PathLike,
    status: str | os.PathLike,
    outputs: Mapping[str, str],
    settings: Mapping[str, object],
    audio: str = "",
) -> None:
    """Write the cues of a film to `outputs["table"]` (Parquet) and `outputs["text"]` (TSV).

    method: `diagonal` (`find_cues`) or `dejavu` (`dejavu.find_cues`). index: the album's landmarks
    for it. status: what the check of the corpus found, for the film's hash. settings: the method's.
    audio: number or language of the film's sound, empty for the default one.
    Raises MediaError for a film without sound, or that is not the file that was checked any more.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    sound = media.Sound(video, stream=audio)
    if method == "dejavu":
        cues = dejavu.find_cues(film_id, sound, read_index(index), **settings)
    else:
        album = fingerprints.read_album(index)
        cues = find_cues(film_id, fingerprint_film(sound, album), album, **settings)
    provenance = {
        "method": method,
        "config": tables.digest(dict(settings)),
        "video_sha256": film.video_sha256,
    }
    for path in outputs.values():
        tables.write_table(cues, path, tables.CUES, provenance)
    if cues.empty:
        log.warning("%s: no track of the album was found", film_id)
        return
    log.info(
        "%s: %d cues of %d tracks, %.0f s in all, at %.4f times the speed of the album",
        film_id,
        len(cues),
        cues.track_id.nunique(),
        (cues.film_end_s - cues.film_start_s).sum(),
        speed.film_speed(cues),
    )


def fingerprint_film(sound: media.Sound | str | os.PathLike, album: Album) -> Sound:
    """The hashes of a film's sound, made like those of the album; decodes the film once."""
    blocks = media.audio_blocks(sound, album.settings.sample_rate_hz)
    landmarks = fingerprints.find_landmarks(blocks, album.settings)
    return Sound(*fingerprints.pair_landmarks(landmarks))


def find_cues(
    film_id: str,
    sound: Sound,
    album: Album,
    share: float,
    entry: float,
    ceiling: float,
    fade_s: float,
) -> pd.DataFrame:
    """Which track plays when, a frame of `tables.CUES` in order of time; empty if none does.

    share: share of the film's hashes that a playing track is taken to explain, 0..1.
    entry: evidence that a cue must bring, nats. ceiling: the most that one second gives, nats.
    fade_s: how far music goes on, fading, beyond its outermost match, s.
    """
    base = speed.choose_base(sound, album, share)
    index = fingerprints.hash_album(album, base)
    found = alignment.search_lines(sound, index, share)
    drift = speed.film_drift(found, base, album.speeds)
    chosen = alignment.choose_lines(found, index, drift)
    evidence = alignment.gather_evidence(sound, index, chosen, share, ceiling, least=entry)
    runs = stretches(best_path(evidence.nats, entry))
    cues = pd.DataFrame([_cue(evidence, index, *run) for run in runs], columns=tables.CUES.names)
    cues = _widen(cues, album, fade_s)
    cues["film_id"] = film_id
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    starts = [tuple(round(float(s), 2) for s in places) for places in cues.equal_starts_s]
    return tables.as_typed(cues.assign(equal_starts_s=starts), tables.CUES)


def _widen(cues: pd.DataFrame, album: Album, fade_s: float) -> pd.DataFrame:
    """Move the edges out by the fade, within the track and up to half way to the next cue."""
    columns = ["film_start_s", "film_end_s", "track_start_s", "speed"]
    start, end, from_s, speeds = cues[columns].to_numpy(np.float64).T
    length_s = dict(zip(album.track_ids, album.durations_s, strict=True))
    rest_s = cues.track_id.map(length_s).to_numpy(np.float64) - from_s - (end - start) * speeds
    between = (start[1:] - end[:-1]) / 2  # negative where the last match of a cue is late
    before = np.minimum(np.minimum(fade_s, from_s / speeds), np.append(np.inf, between))
    after = np.minimum(np.minimum(fade_s, rest_s / speeds), np.append(between, np.inf))
    inward = (start - end) / 3  # cues that overlap keep at least a third each
    before, after = np.clip(before, inward, start), np.maximum(after, inward)
    moved = zip(cues.equal_starts_s, before * speeds, strict=True)
    return cues.assign(
        film_start_s=start - before,
        film_end_s=end + after,
        track_start_s=np.maximum(0.0, from_s - before * speeds),
        equal_starts_s=[np.maximum(0.0, places - shift) for places, shift in moved],
    )


def _cue(evidence: Evidence, index: Index, line: int, first: int, stop: int) -> dict[str, object]:
    """One row of the cue table: the matches of a line in the steps first .. stop - 1.

    The cue lasts from the first sample that a matching landmark rests on to the last; a landmark
    that is far from all others matches by chance.
    """
    matches, course, settings = evidence.matches, evidence.lines, index.settings
    step = alignment.step_of(matches.start, index)
    inside = (step >= first) & (step < stop)
    total = np.bincount(matches.line[inside], matches.nats[inside], len(course.track))
    support = evidence.nats[:, first:stop].sum(axis=1)
    # The ceiling makes places that sound alike equal; all the evidence tells them apart.
    total[support < COVER * support[line]] = 0
    line = int(total.argmax())
    here = inside & (matches.line == line)
    slope = float(course.slope[line])
    start_s = float(first_of_many(matches.start[here]) * settings.hop_s)
    level = matches.diagonal[here] - slope * matches.start[here]
    diagonal_s = float(np.average(level, weights=matches.nats[here])) * settings.hop_s
    track_s = (start_s * (1 - slope) - diagonal_s) * index.speed
    return {
        "track_id": index.track_ids[course.track[line]],
        "film_start_s": start_s,
        "film_end_s": float(-first_of_many(-matches.end[here]) * settings.hop_s)
        + settings.window_s,
        "track_start_s": max(0.0, track_s),
        **_rivals(evidence, index, total, line, start_s),
        "speed": index.speed * (1 - slope),
        "score": max(0.0, float(here.sum() - evidence.chance[first:stop].sum())),
        "confidence": float(confidence(support[line], DOUBT_NATS, DOUBT_SLOPE)),
    }


def first_of_many(frames: np.ndarray) -> int:
    """The earliest of the frames of matching landmarks, or the second if the first stands alone.

    Parameters
    ----------
    frames
        Shape (n,), integers, in any order.

    Returns
    -------
    int

    Examples
    --------
    >>> first_of_many(np.array([3, 100, 102, 103, 105, 107])), first_of_many(np.array([3, 5, 6]))
    (100, 3)
    """
    apart = np.unique(frames)
    gaps = np.diff(apart)
    is_alone = len(gaps) > 1 and gaps[0] > ALONE * np.quantile(gaps[1:], 0.99)
    return int(apart[int(is_alone)])


def _rivals(
    evidence: Evidence, index: Index, total: np.ndarray, line: int, start_s: float
) -> dict[str, object]:
    """Where else the same music stands: other places of the track, other tracks, best first.

    total: evidence of each line in the cue, nats, 0 if it is no rival. Loops and reprises match at
    several places.
    """
    course, hop_s = evidence.lines, index.settings.hop_s
    places_s = start_s - (course.diagonal + course.slope * start_s / hop_s) * hop_s
    order = np.argsort(-total, kind="stable")
    rivals = order[total[order] >= EQUAL * total[line]]
    own = course.track[rivals] == course.track[line]
    apart = np.abs(places_s[rivals] - places_s[line]) > APART_S
    tracks = dict.fromkeys(index.track_ids[track] for track in course.track[rivals[~own]])
    return {
        "equal_starts_s": index.speed * places_s[rivals[own & apart]],
        "shared_tracks": tuple(tracks),
    }
