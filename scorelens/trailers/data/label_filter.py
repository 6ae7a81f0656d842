"""Which genres a table of trailers can teach.

Asked when the workflow is parsed, and again when a model trains: light imports only.
"""

from collections import Counter
from collections.abc import Sequence

from scorelens.errors import Problem, TableError
from scorelens.trailers.data.table import Trailer

LEAST_TITLES = 4  # of two folds, two held out, one left out by a model, one to learn from
WHERE = "config: trailers.trailers"


def taught_genres(trailers: Sequence[Trailer], genres: Sequence[str]) -> list[str]:
    """The genres that two titles or more carry, but not all titles, in their order.

    Of a genre that all carry there is nothing to tell apart: every answer would be right. trailers:
    of `table.read_trailers`. genres: those to learn. Raises TableError if there are fewer titles
    than LEAST_TITLES, or fewer than two such genres.
    """
    titles = {trailer.title: set(trailer.genres) for trailer in trailers}
    if len(titles) < LEAST_TITLES:
        hint = "a model is tested on titles that it never saw: add trailers of other films"
        found = f"titles of trailers: {len(titles)}"
        raise TableError(Problem(WHERE, found, f"at least {LEAST_TITLES}", hint))
    carried = Counter(genre for labels in titles.values() for genre in labels)
    taught = [genre for genre in genres if 1 < carried[genre] < len(titles)]
    if len(taught) < 2:
        found = f"genres that two titles or more carry, but not all: {len(taught)}"
        raise TableError(Problem(WHERE, found, "at least 2", "add trailers of other films"))
    return taught
