"""Chromaprint, as a peer: where the fingerprint of a film slides along those of the tracks.

By FFmpeg, if it is built with the library. A fingerprint has 32 bits about eight times a second.
Along each offset of a track, windows in which few bits differ are hits; of the hits at one time the
best counts, and those of a track that follow each other on one offset are a cue.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pandas as pd

from scorelens import media, tables

RATE_HZ = 11025
STEP_S = 4096 / 3 / RATE_HZ  # of the fingerprints: a third of a frame of 4096 samples at 11,025 Hz
WINDOW = 40  # fingerprints: 5 s
MAX_ERROR = 0.34  # share of the bits of a window that differ
GAP = 40  # fingerprints between hits of one cue


def fingerprint(path: str | Path) -> np.ndarray:
    """The raw fingerprint of a file, uint32 (n,)."""
    sound = b"".join(block.tobytes() for block in media.audio_blocks(path, RATE_HZ))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "f32le", "-ar", str(RATE_HZ)]
    command += ["-ac", "1", "-i", "-", "-f", "chromaprint", "-fp_format", "raw", "-"]
    done = subprocess.run(command, input=sound, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint32)


def find_cues(film_id: str, film: np.ndarray, album: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The cues of a film, rows of CUES."""
    best = np.full(len(film), MAX_ERROR)
    track, offset = np.full(len(film), -1), np.zeros(len(film), np.int64)
    for number, prints in enumerate(album.values()):
        for lag, errors in sliding_errors(film, prints):
            at = np.arange(len(errors)) + max(0, lag)
            better = errors < best[at]
            at = at[better]
            best[at], track[at], offset[at] = errors[better], number, lag
    rows = [_cue(film_id, span, best, track, offset, tuple(album)) for span in hits(track, offset)]
    cues = pd.DataFrame(rows, columns=tables.CUES.names)
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    return tables.as_typed(cues, tables.CUES)


def sliding_errors(film: np.ndarray, prints: np.ndarray):
    """For each offset of a track in the film: the share of differing bits of each window."""
    for lag in range(WINDOW - len(prints), len(film) - WINDOW + 1):
        start, stop = max(0, lag), min(len(film), lag + len(prints))
        differing = np.bitwise_count(film[start:stop] ^ prints[start - lag : stop - lag])
        total = np.concatenate([[0], np.cumsum(differing, dtype=np.int64)])
        yield lag, (total[WINDOW:] - total[:-WINDOW]) / (32 * WINDOW)


def hits(track: np.ndarray, offset: np.ndarray) -> Sequence[tuple[int, int]]:
    """First and last window of each run of one track, its offset about the same."""
    spans: list[tuple[int, int]] = []
    for at in np.flatnonzero(track >= 0):
        last = spans[-1][1] if spans else -1
        follows = spans and at - last <= GAP and track[at] == track[last]
        if follows and abs(offset[at] - offset[last]) <= 2:
            spans[-1] = (spans[-1][0], int(at))
        else:
            spans.append((int(at), int(at)))
    return spans


def _cue(film_id, span, best, track, offset, names) -> dict[str, object]:
    first, last = span
    at = first + int(best[first : last + 1].argmin())
    start, end = first + WINDOW // 4, last + WINDOW - WINDOW // 4  # outer windows lie half outside
    return {
        "film_id": film_id,
        "track_id": names[track[at]],
        "film_start_s": start * STEP_S,
        "film_end_s": end * STEP_S,
        "track_start_s": max(0.0, (start - offset[at]) * STEP_S),
        "equal_starts_s": (),
        "shared_tracks": (),
        "speed": 1.0,
        "score": float((MAX_ERROR - best[first : last + 1]).sum() * 32),
        "confidence": float(1 - 2 * best[at]),  # no probability: 0 is chance
        "verdict": "",
    }
