"""Measure what the classifiers of the genre models cost on cues and on single frames.

Features are generated in the published shape (`tests/published_files.py`): 110 films, 4,693 cues
of the set `mir`, 113,425 frames. One fold of each model is fitted, and predicts the film held out;
the seconds are CPU seconds of one core, scaled up to 110 folds. With the default settings, and so
with at most 40 frames of each film in a vote of frames.

    python benchmarks/genre_classifiers.py
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens.config import complete
from scorelens.genres import BASELINES, MODELS, NETWORKS
from scorelens.genres.model import classifiers
from scorelens.learning.packed_bags import Bags
from scorelens.plan.genres import model_settings
from tests.published_files import GENRES, whole

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
HELD_OUT, SEED = 3, 1


def make_bags(films: list[list[np.ndarray]]) -> dict[str, Bags]:
    """The cues, as means of their frames, and the frames themselves."""
    cues = np.stack([cue.mean(axis=0) for film in films for cue in film], dtype=np.float32)
    frames = np.concatenate([cue for film in films for cue in film], dtype=np.float32)
    sizes = [len(film) for film in films], [sum(map(len, film)) for film in films]
    pairs = zip((cues, frames), sizes, strict=True)
    bags = [Bags(rows, np.cumsum([0, *size])) for rows, size in pairs]
    return dict(zip(("mir", "mir_frames"), bags, strict=True))


def fold_seconds(model: str, bag_set: str, bags: Bags, labels: np.ndarray, config: dict) -> float:
    """CPU seconds of one fold."""
    settings = model_settings(config, bag_set, model)
    start = time.process_time()
    (fold,) = classifiers.fit_folds(model, bags, labels, [HELD_OUT], settings, SEED, jobs=1)
    classifiers.predict(model, fold.arrays, bags.one(HELD_OUT))
    return time.process_time() - start


def main() -> None:
    made = whole()
    labels = np.array([[genre in film for genre in GENRES] for film in made.genres.values()])
    config = complete({}, SCHEMAS)["genres"]
    sets = make_bags(list(made.cues["mir"].values()))
    minutes = {}
    for model in MODELS:
        if model in (*BASELINES, *NETWORKS):
            continue
        for name, bags in sets.items():
            seconds = fold_seconds(model, name, bags, labels, config)
            minutes[f"{model}_{name}"] = round(seconds * len(labels) / 60, 2)
            count = len(bags.instances)
            print(f"{model:30} {name:12} {count:7} instances: {seconds:6.2f} s a fold")
    print(json.dumps({"minutes_110_folds": minutes}))


if __name__ == "__main__":
    main()
