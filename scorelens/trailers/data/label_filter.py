"""Which genres a table of trailers has enough titles for.

Read when the workflow is parsed, and again in training: light imports only.
"""

from collections import Counter
from collections.abc import Sequence

from scorelens.errors import Problem, TableError
from scorelens.trailers.data.table import Trailer

MIN_TITLES = 4  # of two folds: two held out, one left out by a model, one for training
WHERE = "config: trailers.trailers"


def trainable_genres(trailers: Sequence[Trailer], genres: Sequence[str]) -> list[str]:
    """List the genres that two titles or more carry, but not all titles.

    A genre that all titles carry cannot be distinguished: every prediction would be right.

    Parameters
    ----------
    trailers : sequence of Trailer
        Of `table.read_trailers`.
    genres : sequence of str
        Candidates.

    Returns
    -------
    list of str
        In the order of the candidates.

    Raises
    ------
    TableError
        If there are fewer titles than MIN_TITLES, or fewer than two such genres.
    """
    titles = {trailer.title: set(trailer.genres) for trailer in trailers}
    if len(titles) < MIN_TITLES:
        hint = "a model is tested on titles held out of training: add trailers of other films"
        what = f"titles of trailers: {len(titles)}"
        raise TableError(Problem(WHERE, what, f"at least {MIN_TITLES}", hint))
    carried = Counter(genre for labels in titles.values() for genre in labels)
    trainable = [genre for genre in genres if 1 < carried[genre] < len(titles)]
    if len(trainable) < 2:
        what = f"genres that two titles or more carry, but not all: {len(trainable)}"
        raise TableError(Problem(WHERE, what, "at least 2", "add trailers of other films"))
    return trainable
