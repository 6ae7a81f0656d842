"""Choose the tags of films that a model may see.

The paper has the tags that end in "films", such as "American science fiction films", as far as two
films or more carry them: a tag of a single film says nothing about another.

Imported when the workflow is parsed: light imports only.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from scorelens.retrieval.data.films import FilmDescription

log = logging.getLogger(__name__)


def filter_tags(
    films: Sequence[FilmDescription], settings: Mapping[str, str | int]
) -> list[FilmDescription]:
    """Drop tags of another ending, and those that too few films carry.

    Case and superfluous spaces do not count. The films are those of all parts of the split: tags
    are inputs, and no label.

    Parameters
    ----------
    films : sequence of FilmDescription
    settings : mapping
        `ending` (empty for any) and `min_films`.

    Returns
    -------
    list of FilmDescription
        The same films with fewer tags.
    """
    ending = settings["ending"].casefold()
    carried = Counter(key for film in films for key in {tag.casefold() for tag in film.tags})
    chosen = {
        tag
        for tag, count in carried.items()
        if count >= settings["min_films"] and tag.endswith(ending)
    }
    if dropped := len(carried) - len(chosen):
        log.info("%d of %d tags are dropped (retrieval.tags)", dropped, len(carried))
    return [
        film._replace(tags=tuple(tag for tag in film.tags if tag.casefold() in chosen))
        for film in films
    ]
