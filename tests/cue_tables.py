"""Tables of predicted and true cues."""

import pandas as pd


def cue_table(film: str, *rows) -> pd.DataFrame:
    """Rows of (track, start, end, start in the track)."""
    frame = pd.DataFrame(rows, columns=["track_id", "film_start_s", "film_end_s", "track_start_s"])
    frame = frame.astype({"film_start_s": float, "film_end_s": float, "track_start_s": float})
    cue_ids = [f"cue_{number:04d}" for number in range(len(rows))]
    frame = frame.assign(film_id=film, cue_id=cue_ids)
    frame["equal_starts_s"] = frame["shared_tracks"] = [()] * len(rows)
    return frame.assign(
        speed=1.0, tempo=1.0, pitch_semitones=0.0, score=50.0, confidence=0.9, verdict=""
    )


def truth_table(film: str, *rows) -> pd.DataFrame:
    """Rows of (track, start, end, start in the track, SNR, decoy)."""
    names = ["track_id", "film_start_s", "film_end_s", "track_start_s", "snr_db", "decoy"]
    frame = pd.DataFrame(rows, columns=names).assign(film_id=film)
    return frame.astype({**dict.fromkeys(names[1:5], float), "decoy": bool})


FILMS = [
    (
        "a",
        cue_table(
            "a",
            ("theme", 11.0, 39.2, 5.9),
            ("chase", 45.5, 58.0, 4.7),
            ("theme", 60.9, 80.2, 0.0),
            ("chase", 97.0, 103.0, 0.0),
            ("theme", 103.0, 119.0, 58.0),
        ),
        truth_table(
            "a",
            ("theme", 10.2, 40.7, 5.0, 0, False),
            ("chase", 41.0, 61.5, 0.0, -10, False),
            ("other/x", 70.0, 90.0, 3.0, 5, True),
            ("theme", 95.3, 120.0, 50.0, -10, False),
        ),
    ),
    (
        "b",
        cue_table("b", ("love", 3.0, 28.0, 12.0), ("hate", 33.0, 36.0, 0.0)),
        truth_table("b", ("love", 3.4, 25.1, 12.0, 5, False), ("love", 30.0, 52.6, 2.0, 0, False)),
    ),
]
