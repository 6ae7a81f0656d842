"""The cue table of a film."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import fingerprints, media, tables
from scorelens.cues.lines import Evidence, Sound, gather_evidence, step_of, track_of
from scorelens.cues.path import best_path, stretches
from scorelens.fingerprints import Index

DOUBT_NATS = 76.0  # evidence at which a cue is as likely wrong as right
LITTLE = 0.1  # of a film's length; most films hold more of their album
DOUBT_SLOPE = 5.1  # of the log-odds over the logarithm of the evidence

log = logging.getLogger(__name__)


def match_film(
    film_id: str,
    video: str | os.PathLike,
    index: str | os.PathLike,
    status: str | os.PathLike,
    outputs: Mapping[str, str],
    settings: Mapping[str, object],
) -> None:
    """Write the cues of a film to `outputs["table"]` (Parquet) and `outputs["text"]` (TSV).

    index: the album's landmarks. status: what the check of the corpus found, for the film's length
    and hash. settings: `speeds`, and `share`, `entry` and `ceiling` of `find_cues`.
    Raises MediaError for a film without sound.
    """
    album = fingerprints.read_index(index)
    film = tables.read_table(status, tables.STATUS).iloc[0]
    cues = find_cues_at_any_speed(film_id, video, album, film.duration_s, **settings)
    provenance = {"config": tables.digest(dict(settings)), "video_sha256": film.video_sha256}
    for path in outputs.values():
        tables.write_table(cues, path, tables.CUES, provenance)
    if cues.empty:
        log.warning("%s: no track of the album was found", film_id)
        return
    played_s, tracks = (cues.film_end_s - cues.film_start_s).sum(), cues.track_id.nunique()
    log.info("%s: %d cues of %d tracks, %.0f s in all", film_id, len(cues), tracks, played_s)


def find_cues_at_any_speed(
    film_id: str,
    video: str | os.PathLike,
    index: Index,
    duration_s: float,
    speeds: Sequence[float],
    **settings: float,
) -> pd.DataFrame:
    """The cues of a film that may run faster or slower than its album, as video transfers do.

    duration_s: the film's length. speeds: album seconds that pass in a second of film, the usual
    one first. settings: as `find_cues` takes them. At a wrong speed next to nothing matches: the
    first speed at which cues cover a share of `LITTLE` of the film is the film's. Each speed that
    is tried costs a decode. If there is none, the film holds little of its album, and the cues at
    the usual speed count: a few chance matches at another one are no reason to believe in it.
    """
    usual = None
    for speed in speeds:
        sound = fingerprint_film(video, index, speed)
        cues = find_cues(film_id, sound, index, **settings, speed=speed)
        usual = cues if usual is None else usual
        if (cues.film_end_s - cues.film_start_s).sum() >= LITTLE * duration_s:
            log.info("%s: runs at %.4f times the speed of its album", film_id, speed)
            return cues
    return usual


def fingerprint_film(video: str | os.PathLike, index: Index, speed: float = 1.0) -> Sound:
    """The hashes of a film's sound, made like those of the album; decodes the film once.

    speed: album seconds that pass in a second of film. Sampled at so many times the rate and read
    at the usual one, the film plays at the speed of the album, and in its key.
    """
    blocks = media.audio_blocks(video, speed * index.settings.sample_rate_hz)
    return Sound(*fingerprints.pair_landmarks(fingerprints.find_landmarks(blocks, index.settings)))


def find_cues(
    film_id: str,
    sound: Sound,
    index: Index,
    share: float,
    entry: float,
    ceiling: float,
    speed: float = 1.0,
) -> pd.DataFrame:
    """Which track plays when, a frame of `tables.CUES` in order of time; empty if none does.

    share: share of the film's hashes that a playing track is taken to explain, 0..1.
    entry: evidence that a cue must bring, nats. ceiling: the most that one second gives, nats.
    speed: the one that `sound` was made with.
    """
    evidence = gather_evidence(sound, index, share, ceiling, least=entry)
    path = best_path(evidence.nats, entry)
    rows = [_cue(evidence, index, *stretch) for stretch in stretches(path)]
    cues = pd.DataFrame(rows, columns=tables.CUES.names)
    cues["film_id"] = film_id
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    # The last hash of a cue may reach into the next one.
    cues["film_end_s"] = np.minimum(cues.film_end_s, cues.film_start_s.shift(-1, fill_value=np.inf))
    cues[["film_start_s", "film_end_s"]] /= speed
    cues["speed"] = speed
    kinds = {c.name: "str" if c.dtype == "string" else c.dtype for c in tables.CUES.columns}
    return cues.astype(kinds)


def confidence(nats: float) -> float:
    """How sure a cue is, 0..1: a logistic curve over the logarithm of its evidence in nats.

    Its two numbers were fitted to right and wrong cues of assembled films with `entry` at 25 nats.
    It rises with the evidence, but it is no calibrated probability for films of another kind.
    """
    return 1 / (1 + (DOUBT_NATS / nats) ** DOUBT_SLOPE) if nats > 0 else 0.0


def _cue(evidence: Evidence, index: Index, line: int, first: int, stop: int) -> dict[str, object]:
    """One row of the cue table: the matches of a line in the steps first .. stop - 1.

    The cue lasts from the first sample that a matching landmark rests on to the last.
    """
    matches, settings = evidence.matches, index.settings
    step = step_of(matches.start, index)
    here = (matches.line == line) & (step >= first) & (step < stop)
    start_s = float(matches.start[here].min() * settings.hop_s)
    diagonal = np.average(matches.diagonal[here], weights=matches.nats[here])
    return {
        "track_id": index.track_ids[track_of(evidence.lines[line])],
        "film_start_s": start_s,
        "film_end_s": float(matches.end[here].max() * settings.hop_s) + settings.window_s,
        "track_start_s": max(0.0, start_s - float(diagonal) * settings.hop_s),
        "score": max(0.0, float(here.sum() - evidence.chance[first:stop].sum())),
        "confidence": confidence(float(evidence.nats[line, first:stop].sum())),
    }
