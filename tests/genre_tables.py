"""Synthetic tables of genre models: predictions, cues and training curves."""

import numpy as np
import pandas as pd

from scorelens.tables import CALIBRATION

GENRES = ["Action", "Comedy", "Drama", "Horror", "Romance", "Science Fiction"]
FREQUENCY = (0.5, 0.34, 0.4, 0.1, 0.12, 0.33)  # of the 110 films of Ma et al. 2021


def make_labels(films, genres=GENRES, seed=0):
    """Labels, bool (films, genres), at least one per film."""
    rng = np.random.default_rng(seed)
    actual = rng.random((films, len(genres))) < FREQUENCY[: len(genres)]
    actual[~actual.any(axis=1), 0] = True
    return actual


def make_predictions(actual, probability, genres=GENRES):
    """A table of predictions. actual: (films, genres). probability: (runs, films, genres)."""
    runs, films, columns = (axis.ravel() for axis in np.indices(probability.shape))
    return pd.DataFrame(
        {
            "film_id": [f"film_{film:03d}" for film in films],
            "genre": np.array(genres)[columns],
            "probability": probability.ravel().astype(float),
            "predicted": probability.ravel() > 0.5,
            "actual": actual[films, columns],
            "fold": films,
            "repeat": runs,
        }
    )


def make_genre_cues(actual, seed=1, skill=1.0, genres=GENRES, max_cues=60):
    """Predictions for the cues of every film; a larger `skill` gives better predictions."""
    rng = np.random.default_rng(seed)
    tables = []
    for film, labels in enumerate(actual):
        cues = int(rng.integers(1, max_cues))
        logits = skill * (2 * labels - 1) + rng.normal(0, 1, (cues, len(genres)))
        weights = rng.gamma(2, 1, logits.shape)
        tables.append(
            pd.DataFrame(
                {
                    "film_id": f"film_{film:03d}",
                    "cue_id": np.repeat([f"cue_{k:03d}" for k in range(cues)], len(genres)),
                    "genre": np.tile(genres, cues),
                    "probability": (1 / (1 + np.exp(-logits))).ravel(),
                    "weight": (weights / weights.sum(axis=0)).ravel(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def pooled(cues, actual, runs=1, genres=GENRES, seed=2):
    """Film predictions from a table of cues: the weighted mean, plus noise in runs 1, 2, ..."""
    parts = cues.assign(part=cues["probability"] * cues["weight"])
    once = parts.pivot_table(index="film_id", columns="genre", values="part", aggfunc="sum")
    once = once[genres].to_numpy()
    noise = np.random.default_rng(seed).normal(0, 0.05, (runs, *once.shape))
    noise[0] = 0
    return make_predictions(actual, np.clip(once + noise, 0, 1), genres)


def make_calibration(runs):
    """CALIBRATION of models; the later a run, the larger its errors."""
    rows = [
        {"features": features, "model": model, "genre": genre, "brier": 0.1 + 0.01 * number}
        | {"calibration_error": 0.11 + 0.01 * number}
        for number, (features, model) in enumerate(runs)
        for genre in ("Action", "all")
    ]
    table = pd.DataFrame(rows).assign(stage="genres", level="film", units=18, groups=18, p=0.004)
    bounds = {"brier_low": 0.05, "brier_high": 0.3, "brier_frequency": 0.24}
    bounds |= {"calibration_error_low": 0.07, "calibration_error_high": 0.33}
    return table.assign(**bounds, calibrated_error=0.08)[CALIBRATION.names]


def make_curves(films, epochs=200, runs=2, seed=3):
    """Training losses that decrease, and held-out losses that decrease and then increase."""
    rng = np.random.default_rng(seed)
    fold, repeat, epoch = (axis.ravel() for axis in np.indices((films, runs, epochs)))
    falling = np.exp(-(epoch + 1) / 60)
    level = rng.gamma(9, 1 / 9, films)[fold]
    return pd.DataFrame(
        {
            "film_id": [f"film_{film:03d}" for film in fold],
            "fold": fold,
            "repeat": repeat,
            "epoch": epoch + 1,
            "training_loss": 0.3 + 0.5 * falling + rng.normal(0, 0.01, len(fold)),
            "held_out_loss": level * (0.5 + 0.3 * falling + 0.001 * epoch),
        }
    )


def make_cue_table(film_id, cues, duration_s=6000.0, seed=4):
    """CUES of one film with `cues` rows in order of film time."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.uniform(0, duration_s - 90, cues))
    return pd.DataFrame(
        {
            "film_id": film_id,
            "cue_id": [f"cue_{k:03d}" for k in range(cues)],
            "track_id": [f"{k % 20:02d}_a_track_of_the_album" for k in range(cues)],
            "film_start_s": starts,
            "film_end_s": starts + rng.uniform(5, 80, cues),
            "track_start_s": 0.0,
            "equal_starts_s": [()] * cues,
            "shared_tracks": [()] * cues,
            "speed": 1.0,
            "tempo": 1.0,
            "pitch_semitones": 0.0,
            "score": 50.0,
            "confidence": 0.9,
            "verdict": "",
        }
    )
