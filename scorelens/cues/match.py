"""Match the sound of a film with its album and write the film's cue table."""

import logging
import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.cues import alignment, dejavu, evidence, speed, viterbi
from scorelens.cues.alignment import FilmHashes
from scorelens.cues.confidence import confidence
from scorelens.cues.evidence import Evidence
from scorelens.fingerprints import (
    Album,
    Index,
    find_landmarks,
    hash_album,
    pair_landmarks,
    read_album,
    read_dejavu_index,
)

# Parameters of `confidence`: fitted to the 984 cues, right and wrong, of 26 films mixed from free
# music, speech and effects, with `onset_penalty` at 25 nats.
MIDPOINT_NATS, CONFIDENCE_SLOPE = 74.4, 5.3
RIVAL_SUPPORT = 0.8  # another alignment that explains this share of a cue's seconds is a rival
EQUAL_EVIDENCE = (
    0.5  # a rival with this share of the evidence is as good: fractions of a frame decide
)
MIN_DISTANCE_S = 0.25  # positions in a track nearer than this are one
OUTLIER_GAPS = 4.0  # a first landmark further off than so many gaps of the others is chance

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
    """Write the cues of a film.

    Parameters
    ----------
    method : {"diagonal", "dejavu"}
        The matching method.
    film_id : str
        Id of the film.
    video : path
        The film.
    index : path
        The album's index for this method.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its hash.
    outputs : mapping of str to path
        `table` (Parquet) and `text` (TSV).
    settings : mapping
        The configuration of the method.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    MediaError
        If the film has no sound, or is not the file that was checked.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    sound = media.Sound(video, stream=audio)
    if method == "dejavu":
        cues = dejavu.find_cues(film_id, sound, read_dejavu_index(index), **settings)
    else:
        album = read_album(index)
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


def fingerprint_film(sound: media.Sound | str | os.PathLike, album: Album) -> FilmHashes:
    """Hash the sound of a film with the settings of its album. Decodes the film once.

    Parameters
    ----------
    sound : media.Sound or path
        The film's sound.
    album : Album
        Gives the settings.

    Returns
    -------
    FilmHashes
    """
    blocks = media.audio_blocks(sound, album.settings.sample_rate_hz)
    landmarks = find_landmarks(blocks, album.settings)
    return FilmHashes(*pair_landmarks(landmarks))


def find_cues(
    film_id: str,
    film: FilmHashes,
    album: Album,
    matched_share: float,
    onset_penalty: float,
    max_evidence_per_s: float,
    fade_s: float,
) -> pd.DataFrame:
    """Find which track plays when, by the method `diagonal`.

    Parameters
    ----------
    film_id : str
        Id of the film.
    film : FilmHashes
        Hashes of its sound.
    album : Album
        Landmarks of its album.
    matched_share : float
        Share of the film's hashes that a playing track is expected to match, 0..1.
    onset_penalty : float
        Evidence that a cue must bring, nats.
    max_evidence_per_s : float
        Upper limit of the evidence of one second, nats.
    fade_s : float
        How far music goes on, fading, beyond its outermost match, s.

    Returns
    -------
    DataFrame
        `tables.CUES` in order of time; empty if no track plays.
    """
    base_speed = speed.choose_base_speed(film, album, matched_share)
    index = hash_album(album, base_speed)
    candidates = alignment.search_alignments(film, index, matched_share)
    drift = speed.film_drift(candidates, base_speed, album.speeds)
    alignments = alignment.choose_alignments(candidates, index, drift)
    gathered = evidence.gather_evidence(
        film, index, alignments, matched_share, max_evidence_per_s, min_evidence=onset_penalty
    )
    runs = viterbi.runs(viterbi.best_path(gathered.nats, onset_penalty))
    cues = pd.DataFrame([_cue(gathered, index, *run) for run in runs], columns=tables.CUES.names)
    cues = _widen(cues, album, fade_s)
    cues["film_id"] = film_id
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    starts = [tuple(round(float(s), 2) for s in starts_s) for starts_s in cues.equal_starts_s]
    return tables.as_typed(cues.assign(equal_starts_s=starts), tables.CUES)


def _widen(cues: pd.DataFrame, album: Album, fade_s: float) -> pd.DataFrame:
    """Move the edges out by the fade, within the track and at most half way to the next cue."""
    columns = ["film_start_s", "film_end_s", "track_start_s", "speed"]
    start, end, from_s, speeds = cues[columns].to_numpy(np.float64).T
    length_s = dict(zip(album.track_ids, album.durations_s, strict=True))
    remaining_s = cues.track_id.map(length_s).to_numpy(np.float64) - from_s - (end - start) * speeds
    between = (start[1:] - end[:-1]) / 2  # negative where the last match of a cue is late
    before = np.minimum(np.minimum(fade_s, from_s / speeds), np.append(np.inf, between))
    after = np.minimum(np.minimum(fade_s, remaining_s / speeds), np.append(between, np.inf))
    inward = (start - end) / 3  # cues that overlap keep at least a third each
    before, after = np.clip(before, inward, start), np.maximum(after, inward)
    shifted = zip(cues.equal_starts_s, before * speeds, strict=True)
    return cues.assign(
        film_start_s=start - before,
        film_end_s=end + after,
        track_start_s=np.maximum(0.0, from_s - before * speeds),
        equal_starts_s=[np.maximum(0.0, starts_s - shift_s) for starts_s, shift_s in shifted],
    )


def _cue(gathered: Evidence, index: Index, run_of: int, first: int, stop: int) -> dict[str, object]:
    """One row of the cue table: the matches of an alignment in the seconds first .. stop - 1."""
    # The cue lasts from the first sample that a matching landmark rests on to the last. A landmark
    # that is far from all others matches by chance.
    matches, alignments, settings = gathered.matches, gathered.alignments, index.settings
    second = evidence.second_of(matches.start, index)
    inside = (second >= first) & (second < stop)
    total = np.bincount(matches.alignment[inside], matches.nats[inside], len(alignments.track))
    support = gathered.nats[:, first:stop].sum(axis=1)
    # The limit by the second makes similar passages equal; all the evidence separates them.
    total[support < RIVAL_SUPPORT * support[run_of]] = 0
    best = int(total.argmax())
    on_best = inside & (matches.alignment == best)
    slope = float(alignments.slope[best])
    start_s = float(first_without_outlier(matches.start[on_best]) * settings.hop_s)
    level = matches.diagonal[on_best] - slope * matches.start[on_best]
    diagonal_s = float(np.average(level, weights=matches.nats[on_best])) * settings.hop_s
    track_s = (start_s * (1 - slope) - diagonal_s) * index.speed
    return {
        "track_id": index.track_ids[alignments.track[best]],
        "film_start_s": start_s,
        "film_end_s": float(-first_without_outlier(-matches.end[on_best]) * settings.hop_s)
        + settings.window_s,
        "track_start_s": max(0.0, track_s),
        **_rivals(gathered, index, total, best, start_s),
        "speed": index.speed * (1 - slope),
        "score": max(0.0, float(on_best.sum() - gathered.chance[first:stop].sum())),
        "confidence": float(confidence(support[best], MIDPOINT_NATS, CONFIDENCE_SLOPE)),
    }


def first_without_outlier(frames: np.ndarray) -> int:
    """The earliest frame of matching landmarks, or the second if the first is far from the others.

    Parameters
    ----------
    frames : ndarray of int, shape (n,)
        In any order.

    Returns
    -------
    int

    Examples
    --------
    >>> first_without_outlier(np.array([3, 100, 102, 103, 105, 107]))
    100
    >>> first_without_outlier(np.array([3, 5, 6]))
    3
    """
    ascending = np.unique(frames)
    gaps = np.diff(ascending)
    is_outlier = len(gaps) > 1 and gaps[0] > OUTLIER_GAPS * np.quantile(gaps[1:], 0.99)
    return int(ascending[int(is_outlier)])


def _rivals(
    gathered: Evidence, index: Index, total: np.ndarray, best: int, start_s: float
) -> dict[str, object]:
    """Other positions in the track and other tracks that hold the same music, best first."""
    # total: evidence of each alignment in the cue, nats, 0 if it is no rival. Loops and reprises
    # match at several positions.
    alignments, hop_s = gathered.alignments, index.settings.hop_s
    starts_s = start_s - (alignments.diagonal + alignments.slope * start_s / hop_s) * hop_s
    order = np.argsort(-total, kind="stable")
    rivals = order[total[order] >= EQUAL_EVIDENCE * total[best]]
    same_track = alignments.track[rivals] == alignments.track[best]
    is_apart = np.abs(starts_s[rivals] - starts_s[best]) > MIN_DISTANCE_S
    tracks = dict.fromkeys(
        index.track_ids[track] for track in alignments.track[rivals[~same_track]]
    )
    return {
        "equal_starts_s": index.speed * starts_s[rivals[same_track & is_apart]],
        "shared_tracks": tuple(tracks),
    }
