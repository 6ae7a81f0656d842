"""Synthetic files in the format of the study's supplement S4, with genre-dependent features.

As a script it writes a corpus of the published size: python -m tests.published_files FOLDER
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

GENRES = ("action", "comedy", "drama", "horror", "romance", "sci-fi")
LABELS = {"action": 55, "comedy": 37, "drama": 44, "horror": 11, "romance": 13, "sci-fi": 36}
UNEVEN = "ready_player_one"
UNEVEN_CUES = {"mir": 71, "vggish": 42}
OTHER_CUES = 4622  # of the 109 other films: 4,693 with 71 more, 4,664 with 42 more
CUE_FRAMES = 19
TIMBRE = (
    "roughness", "centroid", "crest", "flatness", "kurtosis", "skewness", "spread", "zerocross",
)  # fmt: skip
TONE = ("mode", "keystrength", "brightness", "entropy", "inharmonicity")


def mir_names() -> list[str]:
    """The names of the 140 MIR columns, in a plausible spelling."""
    features = [
        *("rmsenergy", *(f"chroma{n}" for n in range(1, 13)), "pulseclarity", "tempo"),
        *(f"{kind}mfcc{n}" for kind in ("", "delta", "deltadelta") for n in range(1, 14)),
        *(*TIMBRE, *TONE, "keyclarity", "hcdf", "spectralflux"),
    ]
    return [f"{feature}_{statistic}" for statistic in ("mean", "std") for feature in features]


NAMES = mir_names()
WIDTHS = {"mir": len(NAMES), "vggish": 128}
# Genre -> MIR features and the shift of their means; the standard deviation is 0.7 between cues and
# 0.5 between films.
PLANTED = {
    "action": (("rmsenergy", "pulseclarity", "tempo", "roughness", "crest"), 1.0),
    "comedy": (("mode", "keystrength", "chroma1", "chroma8"), 1.0),
    "drama": (("mfcc1", "mfcc2", "mfcc3", "mfcc4"), -1.0),
    "horror": (("centroid", "spread", "zerocross", "flatness", "brightness", "entropy"), -1.5),
    "romance": (("inharmonicity", "kurtosis", "skewness"), 1.5),
    "sci-fi": (("deltamfcc1", "deltamfcc2", "deltadeltamfcc1", "deltadeltamfcc2"), 1.0),
}


@dataclass
class Published:
    """Content of the files: film -> genres, and for each set film -> cues (frames, features)."""

    genres: dict[str, list[str]]
    cues: dict[str, dict[str, list[np.ndarray]]]
    names: list[str] = field(default_factory=lambda: list(NAMES))

    def write(self, folder: Path) -> Path:
        """Write the four files as the study did; return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = [
            f'{film},"{_raw(labels)}","{",".join(labels)}"' for film, labels in self.genres.items()
        ]
        (folder / "film_genre_master_list.csv").write_text("\n".join(rows) + "\n")
        (folder / "mir_feature_names.csv").write_text("\t".join(self.names) + "\n")
        for name, films in self.cues.items():
            np.save(folder / f"{name}_features_dictionary.npy", films, allow_pickle=True)
        return folder


def whole(seed: int = 1) -> Published:
    """110 films with the published numbers of labels and cues, and medians near the published."""
    random = np.random.default_rng(seed)
    films = [UNEVEN, *(f"film_{number:03d}" for number in range(2, 111))]
    genres = _assign_genres(films, random)
    counts = _cue_counts(len(films) - 1, random)
    cues = {}
    for name in WIDTHS:
        count_by_film = dict(zip(films, [UNEVEN_CUES[name], *counts], strict=True))
        cues[name] = {
            film: _film(name, genres[film], number, random)
            for film, number in count_by_film.items()
        }
    return Published(genres, cues)


def small(films: int = 8, cues: int = 4, seed: int = 1) -> Published:
    """A few films, every genre among them, each with a few cues."""
    random = np.random.default_rng(seed)
    names = [UNEVEN, *(f"film_{number}" for number in range(2, films + 1))]
    genres = {
        film: sorted({GENRES[k % 6], GENRES[(k + k // 6 + 1) % 6]}) for k, film in enumerate(names)
    }
    cues_by_set = {
        name: {
            film: _film(name, genres[film], cues + (film == UNEVEN and name == "mir"), random)
            for film in names
        }
        for name in WIDTHS
    }
    return Published(genres, cues_by_set)


def _assign_genres(films: list[str], random: np.random.Generator) -> dict[str, list[str]]:
    """Assign each genre to its published number of films, those with the fewest labels first."""
    labels = {film: [] for film in films}
    for genre, count in LABELS.items():
        order = sorted(random.permutation(films).tolist(), key=lambda film: len(labels[film]))
        for film in order[:count]:
            labels[film].append(genre)
    return labels


def _cue_counts(films: int, random: np.random.Generator) -> list[int]:
    """Number of cues of each film, with median 39 and the published sum."""
    counts = np.sort(np.exp(random.normal(np.log(39), 0.4, films)).astype(int).clip(6, 110))
    counts[: films // 2] = counts[: films // 2].clip(max=39)
    counts[films // 2 : films // 2 + 2] = 39  # the middle two of all films, with UNEVEN
    longer = np.arange(films // 2 + 2, films)
    counts[longer] = counts[longer].clip(min=39)
    rest = OTHER_CUES - counts.sum()
    counts[longer] += rest // len(longer)
    counts[longer[: rest % len(longer)]] += 1
    assert counts[longer].min() >= 39
    return random.permutation(counts).tolist()


def _film(name: str, genres: list[str], cues: int, random: np.random.Generator):
    lengths = np.exp(random.normal(np.log(CUE_FRAMES + 0.5), 0.7, cues)).astype(int).clip(2, 240)
    centre = random.normal(0, 0.5, WIDTHS[name]) + _shift(name, genres)
    return [
        random.normal(centre + random.normal(0, 0.7, WIDTHS[name]), 1, (length, WIDTHS[name]))
        for length in lengths
    ]


def _shift(name: str, genres: list[str]) -> np.ndarray:
    shift = np.zeros(WIDTHS[name])
    for genre in genres:
        if name == "mir":
            features, step = PLANTED[genre]
            shift[[NAMES.index(f"{feature}_mean") for feature in features]] += step
        if name == "vggish":
            shift[10 * GENRES.index(genre) : 10 * GENRES.index(genre) + 5] += 0.8
    return shift


def _raw(genres: list[str]) -> str:
    return ", ".join([*(genre.title() for genre in genres), "Adventure"])


if __name__ == "__main__":
    whole().write(Path(sys.argv[1]))
