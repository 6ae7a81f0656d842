"""The configuration of a run on the tables of a media library: `my.yaml`."""

from collections.abc import Mapping, Sequence

import yaml

from scorelens.errors import TableError
from scorelens.media_library.merging import Row
from scorelens.retrieval.data.batches import MIN_FILMS
from scorelens.trailers.data.label_filter import trainable_genres
from scorelens.trailers.data.table import Trailer

HEAD = """\
# Written by `scorelens init`. Edit it as you like: `scorelens init` then leaves it as it is.
# Keys that are left out have their defaults; `scorelens doctor` says what a run would leave out.
"""
PARTS = 3  # of the split of retrieval


def settings(
    films: Sequence[Row], described: Sequence[Row], trailers: Sequence[Row]
) -> tuple[dict, list[str]]:
    """Settings for the tables, and what they leave out.

    Parameters
    ----------
    films, described, trailers : sequence of Row
        The tables after merging.

    Returns
    -------
    settings : dict
        Genres are those of the films, the most common first.
    left_out : list of str
        One sentence for each stage that lacks rows.
    """
    genres = _genres(films)
    corpus = {"kind": "table", "films": "films.tsv", "on_bad_film": "skip"}
    made: dict = {"corpus": corpus | ({"genres": genres} if genres else {})}
    left_out = []
    made["tagger"] = {"genres": [*genres]} if len(genres) > 1 else {"models": []}
    if len(genres) < 2:
        left_out.append("the tagger is left out: it needs two genres")
    if len({row["film_id"] for row in described}) >= PARTS * MIN_FILMS:
        made["retrieval"] = {"films": "described.tsv", "split": {"last_training": 0}}
    else:
        left_out.append(
            f"retrieval is left out: it needs {PARTS * MIN_FILMS} films with an album, a year and "
            f"a description; described.tsv has {len(described)}"
        )
    if reason := _trailer_problem(trailers):
        left_out.append(f"trailers are left out: {reason}")
    else:
        made["trailers"] = {"trailers": "trailers.tsv", "genres": _genres(trailers)}
    return made, left_out


def as_yaml(made: Mapping, left_out: Sequence[str]) -> str:
    """The text of `my.yaml`."""
    notes = "".join(f"# {sentence[0].upper()}{sentence[1:]}.\n" for sentence in left_out)
    body = yaml.safe_dump(dict(made), sort_keys=False, allow_unicode=True, width=100)
    return f"{HEAD}{notes}\n{body}"


def _genres(rows: Sequence[Row]) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        for genre in filter(None, (part.strip() for part in row["genres"].split(";"))):
            counts[genre] = counts.get(genre, 0) + 1
    return sorted(counts, key=lambda genre: (-counts[genre], genre))


def _trailer_problem(rows: Sequence[Row]) -> str:
    """Why no model can be trained on the trailers; empty if it can."""
    if not rows:
        return "there are none with genres"
    trailers = [
        Trailer(row["trailer_id"], row["title"], row["video"], tuple(row["genres"].split(";")))
        for row in rows
    ]
    try:
        trainable_genres(trailers, _genres(rows), {t.title: t.title for t in trailers})
    except TableError as error:
        problem = error.problems[0]
        return f"{problem.what}, {problem.expected} are needed"
    return ""
