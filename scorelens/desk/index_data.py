"""What the index of the desk shows of every film, as plain values."""

import base64
from collections.abc import Mapping

import numpy as np
import pandas as pd

BINS = 80  # of the sparkline of a film
FULL = 63  # the largest value of a bin; the smallest is 0


def film_row(
    film: Mapping, matched: int, notes: str, cues: pd.DataFrame, unknown: pd.DataFrame | None
) -> dict:
    """Sum up one film for the index.

    Parameters
    ----------
    film : mapping
        A row of FILMS.
    matched : int
        Number of cues in the table of the matcher, which are to check.
    notes : str
        What the check of the film remarked.
    cues : DataFrame
        Its rows of CUES, with the corrections.
    unknown : DataFrame or None
        Its rows of UNKNOWN_MUSIC; None if the run does not detect music.

    Returns
    -------
    dict
        `id`, `title`, `year`, `genres`, `length` (s), `cues` (matched), `checked` (of these),
        `tracks` (of the album), `played` (of these), `music` (share of the film with a cue),
        `unknown` (s of music without a cue, or None), `least` (lowest confidence of a cue that
        nobody checked, or None), `notes`, `line` (share of album music by time, bins of equal
        length) and `otherLine` (unknown music), base64 of bytes 0 to `FULL`.
    """
    year, unchecked = film["year"], cues[cues.verdict == ""]
    spans = cues[["film_start_s", "film_end_s"]].to_numpy(float)
    others = np.empty((0, 2)) if unknown is None else unknown[["start_s", "end_s"]].to_numpy(float)
    shares = span_shares(spans, film["duration_s"])
    return {
        "id": film["film_id"],
        "title": film["title"],
        "year": None if pd.isna(year) else int(year),
        "genres": list(film["genres"]),
        "length": round(float(film["duration_s"]), 1),
        "cues": matched,
        "checked": matched - len(unchecked),
        "tracks": film["tracks"],
        "played": int(cues.track_id.nunique()),
        "music": round(float(shares.mean()), 3),
        "unknown": None
        if unknown is None
        else round(float((others[:, 1] - others[:, 0]).sum()), 1),
        "least": round(float(unchecked.confidence.min()), 4) if len(unchecked) else None,
        "notes": notes,
        "line": _encoded(shares),
        "otherLine": _encoded(span_shares(others, film["duration_s"])),
    }


def span_shares(spans: np.ndarray, duration_s: float) -> np.ndarray:
    """Share of each of `BINS` equal parts of a film that spans cover; overlaps count once.

    Parameters
    ----------
    spans : ndarray, shape (n, 2)
        Start and end, s.
    duration_s : float
        Running time of the film, s.

    Returns
    -------
    ndarray, shape (BINS,)
        In 0..1.

    Examples
    --------
    >>> span_shares(np.array([[0.0, 5.0], [4.0, 8.0]]), 80.0)[:9].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    """
    edges = np.linspace(0, max(duration_s, 1e-9), BINS + 1)
    covered = np.zeros(BINS + 1)
    end_before = 0.0
    for start, end in spans[np.argsort(spans[:, 0], kind="stable")]:
        start = max(start, end_before)
        if end > start:
            covered += np.clip(edges, start, end) - start
            end_before = end
    return np.clip(np.diff(covered) / np.diff(edges), 0, 1)


def _encoded(shares: np.ndarray) -> str:
    codes = np.ceil(FULL * np.round(shares, 4)).astype(np.uint8)
    return base64.b64encode(codes).decode("ascii") if codes.any() else ""
