"""Give trailers that are in a folder of trailers alone to their films, by title and year."""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from scorelens.media_library.films import LibraryFilm
from scorelens.media_library.names import TRAILER, name_parts, stem
from scorelens.media_library.titles import tokens


def assign_trailers(
    films: Sequence[LibraryFilm], trailers: Sequence[str]
) -> tuple[list[LibraryFilm], list[str]]:
    """Give loose trailers to the one film with their title, and their year if they have one.

    Parameters
    ----------
    films : sequence of LibraryFilm
    trailers : sequence of str
        Paths of trailers that are in no folder of a film.

    Returns
    -------
    films : list of LibraryFilm
        With these trailers.
    trailers : list of str
        Those of no film, or of several.
    """
    by_title = defaultdict(list)
    for film in films:
        for title in {tokens(film.title), tokens(film.original_title)}:
            by_title[title].append(film)
    more, loose = defaultdict(list), []
    for path in trailers:
        title, year = name_parts(
            re.sub(r"[-._ ]+$", "", TRAILER.sub("", stem(os.path.basename(path))))
        )
        fits = [film for film in by_title[tokens(title)] if year in (None, film.year)]
        if tokens(title) and len(fits) == 1:
            more[fits[0].video].append(path)
        else:
            loose.append(path)
    joined = [
        replace(f, trailers=(*f.trailers, *more[f.video])) if f.video in more else f for f in films
    ]
    return joined, loose
