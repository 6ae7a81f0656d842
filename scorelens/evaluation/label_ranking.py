"""How well tags are ranked: coverage error, label-ranking and average precision, film by film.

All tracks and tiles of a film have its labels. So what a film adds to a measure is a sum over them,
once for the labels of each film: drawing films anew, or letting them swap their labels, is then a
sum over films, whatever the number of tiles.
"""

import numpy as np

RANKINGS = ("coverage_error", "label_ranking_average_precision")
THRESHOLDS = 1000  # that samples of the average precision are measured at, at most


def worst_ranks(probability: np.ndarray) -> np.ndarray:
    """The place of each tag, int16 (units, genres), 1 for the likeliest; of tied ones the last."""
    columns = probability.T
    return np.stack([(columns >= own).sum(axis=0, dtype=np.int16) for own in columns], axis=1)


def coverage(ranks: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """How far down one must go to have all labels, (units,) in 1..genres.

    ranks: of `worst_ranks`. carried: bool (genres,), the labels, one at least. Its mean is
    scikit-learn's coverage_error.
    """
    return ranks[:, carried].max(axis=1)


def label_ranking_precision(ranks: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """The mean over the labels of the share of labels among the tags down to it, (units,) in 0..1.

    Takes what `coverage` takes. Its mean is scikit-learn's label_ranking_average_precision_score.
    """
    own = ranks[:, carried]
    reached = np.stack([(own <= one[:, None]).sum(axis=1) for one in own.T], axis=1)
    return (reached / own).mean(axis=1)


def film_sums(ranks: np.ndarray, film: np.ndarray, true: np.ndarray) -> np.ndarray:
    """RANKINGS summed over the units of film i, had it the labels of film j: (2, films i, films j).

    ranks: of `worst_ranks`. film: int (units,), row of `true`. true: bool (films, genres), a label
    at least in each row.
    """
    sets, which = np.unique(true, axis=0, return_inverse=True)
    sums = [
        [np.bincount(film, measure(ranks, carried), len(true)) for carried in sets]
        for measure in (coverage, label_ranking_precision)
    ]
    return np.swapaxes(sums, 1, 2)[:, :, which]


def random_means(true: np.ndarray) -> np.ndarray:
    """RANKINGS of a random order of the genres, the mean over all orders: float (2, films).

    true: bool (films, genres), a label at least in each row. A label at place r has on average
    (r - 1) (labels - 1) / (genres - 1) others before it, and each place is as likely.
    """
    genres, labels = true.shape[1], true.sum(axis=1)
    place = np.arange(1, genres + 1)
    before = np.outer(labels - 1, place - 1) / max(genres - 1, 1)
    return np.stack([labels * (genres + 1) / (labels + 1), ((1 + before) / place).mean(axis=1)])


def sampled_average_precision(
    probability: np.ndarray, film: np.ndarray, true: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """The average precision of each genre in samples of the films: float (samples, genres), 0..1.

    As `evaluation.average_precision.average_precision`, but of at most THRESHOLDS thresholds: of
    more units neighbours count as tied, which moves the third digit. probability: float (units,
    genres). film: int (units,), row of `true`. true: bool (films, genres). draws: (samples, films),
    how often each film is drawn. A genre that no film of a sample carries has 0.
    """
    columns = zip(probability.T, true.T, strict=True)
    return np.stack([_one_genre(own, film, carried, draws) for own, carried in columns], axis=-1)


def _one_genre(
    probability: np.ndarray, film: np.ndarray, carried: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    threshold, number = _thresholds(probability)
    cells = np.bincount(film * number + threshold, minlength=len(carried) * number)
    units = cells.reshape(len(carried), number).astype(float)
    draws = draws.astype(float)
    hits = draws[:, carried] @ units[carried]
    said, right = (draws @ units).cumsum(axis=1), hits.cumsum(axis=1)
    precision = np.divide(right, said, out=np.zeros_like(right), where=said > 0)
    found = right[:, -1]
    return np.divide(
        (hits * precision).sum(axis=1), found, out=np.zeros_like(found), where=found > 0
    )


def _thresholds(probability: np.ndarray) -> tuple[np.ndarray, int]:
    """Which threshold each unit falls to, 0 for the likeliest, and how many there are."""
    falling = np.sort(-probability)
    place = np.searchsorted(falling, -probability)  # the same for tied units
    group = place * min(THRESHOLDS, len(place)) // len(place)
    used, threshold = np.unique(group, return_inverse=True)
    return threshold, len(used)
