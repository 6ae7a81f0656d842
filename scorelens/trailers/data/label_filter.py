"""Which genres a table of trailers has enough titles for.

Read when the workflow is parsed, and again in training: light imports only.
"""

from collections.abc import Mapping, Sequence

from scorelens.errors import Problem, TableError
from scorelens.trailers.data.table import Trailer

MIN_GROUPS = 4  # of two folds: two held out, one left out by a model, one for training
WHERE = "config: trailers.trailers"


def trainable_genres(
    trailers: Sequence[Trailer], genres: Sequence[str], groups: Mapping[str, str]
) -> list[str]:
    """List the genres that titles of two groups or more carry, but not all titles.

    A genre that all titles carry cannot be distinguished: every prediction would be right.

    Parameters
    ----------
    trailers : sequence of Trailer
        Of `table.read_trailers`.
    genres : sequence of str
        Candidates.
    groups : mapping of str to str
        Title -> its group; most titles are one on their own.

    Returns
    -------
    list of str
        In the order of the candidates.

    Raises
    ------
    TableError
        If there are fewer groups of titles than MIN_GROUPS, or fewer than two such genres.
    """
    titles = {trailer.title: set(trailer.genres) for trailer in trailers}
    n_groups = len({groups[title] for title in titles})
    if n_groups < MIN_GROUPS:
        hint = "a model is tested on titles held out of training: add trailers of other films"
        grouped = "" if n_groups == len(titles) else f", in {n_groups} groups"
        what = f"titles of trailers: {len(titles)}{grouped}"
        raise TableError(Problem(WHERE, what, f"at least {MIN_GROUPS}", hint))
    carrying = {
        genre: [title for title, labels in titles.items() if genre in labels] for genre in genres
    }
    trainable = [
        genre
        for genre, carriers in carrying.items()
        if len({groups[title] for title in carriers}) > 1 and len(carriers) < len(titles)
    ]
    if len(trainable) < 2:
        what = f"genres that two titles or more carry, but not all: {len(trainable)}"
        raise TableError(Problem(WHERE, what, "at least 2", "add trailers of other films"))
    return trainable
