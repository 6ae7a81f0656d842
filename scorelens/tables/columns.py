"""What a table and its columns are, and the columns that many tables share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type name, meaning, unit, closed range and whether it may be null."""

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    nullable: bool = False
    slug: bool = False


@dataclass(frozen=True)
class Table:
    """A table's name and columns. `features` allows further float32 columns, each nullable."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    features: bool = False

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def identifier(name: str, meaning: str) -> Column:
    """A name that is a slug."""
    return Column(name, "string", meaning, slug=True)


def share(name: str, meaning: str, nullable: bool = False) -> Column:
    """A number in 0..1."""
    return Column(name, "float64", meaning, "", 0, 1, nullable)


def seconds(name: str, meaning: str, low: float | None = 0) -> Column:
    """A time in seconds, at least `low`."""
    return Column(name, "float64", meaning, "s", low)


def error_seconds(name: str, meaning: str) -> Column:
    """By how many seconds something is off; null where there is nothing to measure."""
    return Column(name, "float64", meaning, "s", 0, None, True)


def deviations(name: str, meaning: str) -> Column:
    """A difference in standard deviations of the films."""
    return Column(name, "float64", meaning, "standard deviations of the films", nullable=True)


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
)
TIME_S = seconds("time_s", "whole second of the film; the row describes time_s to time_s + 1")
