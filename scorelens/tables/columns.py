"""What a table schema is made of, and the columns that many tables share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As it stands in the file.
    dtype : str
        Name of an Arrow type, `string`, `bool`, `int64`, `float32` or `float64`; or a list of one,
        such as `list<string>`.
    meaning : str
        One line of documentation.
    unit : str
        Unit of the numbers; empty if they have none.
    low, high : float or None
        Smallest and largest valid number; None for no limit.
    nullable : bool
        Whether values may be missing.
    slug : bool
        Whether values are identifiers that match `[a-z0-9_]+`.
    decimals : int or None
        Digits after the point of the numbers of a list in a TSV file; None for all.
    """

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    nullable: bool = False
    slug: bool = False
    decimals: int | None = None

    @property
    def item_dtype(self) -> str:
        """The type of the items of a list, `""` if the column holds no lists."""
        return self.dtype[5:-1] if self.dtype.startswith("list<") else ""


@dataclass(frozen=True)
class Table:
    """The schema of a table.

    Parameters
    ----------
    name : str
        As it stands in messages and in the documentation.
    meaning : str
        What a row is.
    columns : tuple of Column
        In the order in which they are written.
    features : bool
        Whether further columns are allowed: nullable float32 values, such as features.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    features: bool = False

    @property
    def names(self) -> list[str]:
        """The names of the declared columns, in order."""
        return [column.name for column in self.columns]


def identifier(name: str, meaning: str) -> Column:
    """Return a column of identifiers that match `[a-z0-9_]+`."""
    return Column(name, "string", meaning, slug=True)


def texts(name: str, meaning: str) -> Column:
    """Return a column of lists of strings."""
    return Column(name, "list<string>", meaning)


def share(name: str, meaning: str, nullable: bool = False) -> Column:
    """Return a column of numbers in 0..1."""
    return Column(name, "float64", meaning, "", 0, 1, nullable)


def seconds(name: str, meaning: str, low: float | None = 0) -> Column:
    """Return a column of times in seconds, not below `low`."""
    return Column(name, "float64", meaning, "s", low)


def error_seconds(name: str, meaning: str) -> Column:
    """Return a column of absolute errors in seconds; null where there is nothing to measure."""
    return Column(name, "float64", meaning, "s", 0, None, True)


def deviations(name: str, meaning: str) -> Column:
    """Return a column of differences in standard deviations of what is compared."""
    return Column(name, "float64", meaning, "standard deviations", nullable=True)


def differences(meaning: str, others: str) -> tuple[Column, ...]:
    """Return the columns of the films of a genre against others, with interval and p-values.

    Parameters
    ----------
    meaning : str
        What the difference is.
    others : str
        Which films `films_without` counts.

    Returns
    -------
    tuple of Column
        Those that `evaluation.group_difference.compare_labellings` computes.
    """
    return (
        deviations("difference", meaning),
        deviations("low", "2.5% bound of the difference (bootstrap over films or their groups)"),
        deviations("high", "97.5% bound"),
        share("p", "two-sided permutation p of the difference", True),
        share("p_adjusted", "p by Benjamini and Hochberg over the tests of the labelling", True),
        Column("films_with", "int64", "films of the genre by this labelling", low=0),
        Column("films_without", "int64", others, low=0),
    )


ALBUM_ID = identifier("album_id", "the album, one id for all its copies")
FILM_ID = identifier("film_id", "the film")
CUE_ID = identifier("cue_id", "the cue, unique in its film, in order of film time")
TRACK_ID = identifier(
    "track_id", "the album track, from its file name; of several in a file also from its title"
)
TRACK_TAGS = (
    Column("title", "string", "title by the tags or the CUE sheet; empty without"),
    Column("artist", "string", "artists by the same, separated by semicolons; empty without"),
    Column("composer", "string", "composers, likewise"),
    Column("album", "string", "the album's title; empty without"),
    Column("disc", "int64", "number of the disc; null without", low=0, nullable=True),
    Column("number", "int64", "number of the track on its disc; null without", "", 0, None, True),
    Column("isrc", "string", "international standard recording code; empty without"),
    Column(
        "publisher",
        "string",
        "publishers by the tags, likewise; taggers often put the label there",
    ),
)
TIME_S = seconds("time_s", "whole second of the film; the row describes time_s to time_s + 1")
