"""The cue that a decision asks for, and what keeps it from being one."""

from collections.abc import Mapping

import pandas as pd

from scorelens.cues.corrections import CHANGED, MISSED, RIGHT, UNCHECKED, WRONG
from scorelens.cues.corrections.matching import Cue
from scorelens.cues.speed import film_speed

MAX_LATE_S = 1.0  # after the end of the film; the difference is cut
# What the matcher measured of the music of a cue does not hold for a track that a person names.
BY_A_PERSON = {"equal_starts_s": (), "shared_tracks": (), "score": float("nan"), "confidence": 1.0}


def revise(cue: Cue, row: Cue) -> dict[str, object] | None:
    """Apply a decision to the cue that it is about.

    Parameters
    ----------
    cue : mapping
        A row of CUES.
    row : mapping
        A row of CORRECTIONS; missing times are NaN.

    Returns
    -------
    dict or None
        The row of CUES that follows; None for a wrong cue. One that was changed or missed before
        stays so when it is found right.
    """
    if row["verdict"] == WRONG:
        return None
    if row["verdict"] == RIGHT:
        return {**cue, "verdict": cue["verdict"] or RIGHT}
    return dict(cue) if row["verdict"] == UNCHECKED else _changed(cue, row)


def _changed(cue: Cue, row: Cue) -> dict[str, object]:
    start_s = _given(row["new_film_start_s"], cue["film_start_s"])
    changed = {
        **cue,
        "film_start_s": start_s,
        "film_end_s": _given(row["new_film_end_s"], cue["film_end_s"]),
        "verdict": MISSED if cue["verdict"] == MISSED else CHANGED,
    }
    if row["new_track_id"] not in ("", cue["track_id"]):
        track_start_s = _given(row["new_track_start_s"], 0.0)
        return {
            **changed,
            "track_id": row["new_track_id"],
            "track_start_s": track_start_s,
            **BY_A_PERSON,
        }
    if pd.notna(row["new_track_start_s"]):
        return {**changed, "track_start_s": row["new_track_start_s"], "equal_starts_s": ()}
    # The line of film time against track time stays.
    passed_s = (start_s - cue["film_start_s"]) * cue["speed"]
    equal = tuple(at for at in (s + passed_s for s in cue["equal_starts_s"]) if at >= 0)
    track_start_s = max(0.0, cue["track_start_s"] + passed_s)
    return {**changed, "track_start_s": track_start_s, "equal_starts_s": equal}


def added_cue(row: Cue, cues: pd.DataFrame) -> dict[str, object]:
    """Make the cue of a decision that one was missed.

    Parameters
    ----------
    row : mapping
        A row of CORRECTIONS with the verdict `missed`.
    cues : DataFrame
        Rows of CUES of the film: it plays at their median speed, and as high as they do there.

    Returns
    -------
    dict
        A row of CUES without `cue_id`.
    """
    rates = {"speed": 1.0, "tempo": 1.0, "pitch_semitones": 0.0}
    if len(cues):
        usual = cues[cues.speed == film_speed(cues)].iloc[0]
        rates = {name: float(usual[name]) for name in rates}
    return {
        "film_id": row["film_id"],
        "track_id": row["new_track_id"],
        "film_start_s": row["new_film_start_s"],
        "film_end_s": row["new_film_end_s"],
        "track_start_s": _given(row["new_track_start_s"], 0.0),
        **rates,
        **BY_A_PERSON,
        "verdict": MISSED,
    }


def misfit(cue: Cue, track_s: Mapping[str, float], duration_s: float) -> str:
    """Say why a cue cannot be one of its film.

    Parameters
    ----------
    cue : mapping
        A row of CUES.
    track_s : mapping of str to float
        Length of each track of the album, s.
    duration_s : float
        Running time of the film.

    Returns
    -------
    str
        Empty if it can.
    """
    start_s, end_s, track = cue["film_start_s"], cue["film_end_s"], cue["track_id"]
    if track not in track_s:
        return f"the album has no track {track}"
    if end_s <= start_s:
        return f"it would start at {start_s:.3f} s and end at {end_s:.3f} s"
    if start_s >= duration_s or end_s > duration_s + MAX_LATE_S:
        return f"it would end at {end_s:.3f} s, after the end of the film ({duration_s:.3f} s)"
    if cue["track_start_s"] >= track_s[track]:
        late = f"{cue['track_start_s']:.3f} s, after the end of the track"
        return f"it would start in its track at {late} ({track_s[track]:.3f} s)"
    return ""


def _given(value: float, otherwise: float) -> float:
    return otherwise if pd.isna(value) else value
