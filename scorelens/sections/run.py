"""The files and tables of a run, as the sections of the report read them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_titles
from scorelens.sections import svg
from scorelens.sections.films import film_rows


class Run:
    """The results of a run that the report shows, with the tables that several sections read.

    Parameters
    ----------
    results : path
        Folder of the results. Files are named by their path in it, such as `genres/scores.tsv`.
    files : iterable of path
        Input files of the report, in order. Only these are read.
    config : mapping
        The whole configuration.
    published : sequence of path
        Files of a corpus of published features; empty if the films are at hand.
    """

    def __init__(
        self,
        results: str | os.PathLike,
        files: Iterable[str | os.PathLike],
        config: Mapping,
        published: Sequence[str | os.PathLike] = (),
    ):
        self.results, self.config, self.published = Path(results), config, published
        self.inputs = [Path(path) for path in files]
        self._by_name = {
            path.relative_to(self.results).as_posix(): path
            for path in self.inputs
            if path.is_relative_to(self.results)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def path(self, name: str) -> Path:
        """Return the path of an input file.

        Parameters
        ----------
        name : str
            Path in the folder of results.

        Returns
        -------
        Path

        Raises
        ------
        KeyError
            If the file is not among the inputs.
        """
        return self._by_name[name]

    def matching(self, pattern: str) -> dict[str, Path]:
        """Return the input files that match a pattern, by stem.

        Parameters
        ----------
        pattern : str
            Path in the folder of results; `*` stands for any letters but `/`.

        Returns
        -------
        dict of str to Path
            In the order of the inputs.
        """
        depth = len(PurePosixPath(pattern).parts)
        names = [PurePosixPath(name) for name in self._by_name]
        return {
            name.stem: self._by_name[str(name)]
            for name in names
            if len(name.parts) == depth and name.match(pattern)
        }

    def figures(self, pattern: str) -> dict[str, str]:
        """Return the SVG files that match a pattern as data URIs, by stem.

        Parameters
        ----------
        pattern : str
            Path in the folder of results; `*` stands for any letters but `/`.

        Returns
        -------
        dict of str to str
        """
        return {stem: svg.data_uri(path) for stem, path in self.matching(pattern).items()}

    def table(self, name: str, schema: tables.Table) -> pd.DataFrame:
        """Read one input table.

        Parameters
        ----------
        name : str
            Path in the folder of results.
        schema : Table
            Its schema.

        Returns
        -------
        DataFrame
        """
        return tables.read_table(self.path(name), schema)

    def joined(self, pattern: str, schema: tables.Table) -> pd.DataFrame:
        """Read the input tables that match a pattern, one below the other.

        Parameters
        ----------
        pattern : str
            Path in the folder of results; `*` stands for any letters but `/`.
        schema : Table
            Their schema.

        Returns
        -------
        DataFrame
            Without rows if no file matches.
        """
        return _joined(self.matching(pattern).values(), schema)

    @cached_property
    def films(self) -> pd.DataFrame:
        """The films in use, table of FILMS."""
        return self.table("corpus/films.tsv", tables.FILMS)

    @cached_property
    def status(self) -> pd.DataFrame:
        """The status of every film, also of those left out, table of STATUS."""
        return self.table("corpus/status.tsv", tables.STATUS)

    @cached_property
    def tracks(self) -> pd.DataFrame:
        """The tracks of the albums, table of TRACKS."""
        return self.table("corpus/tracks.tsv", tables.TRACKS)

    @cached_property
    def track_titles(self) -> dict[str, Mapping[str, str]]:
        """Title of each track, by film_id and track_id."""
        return {film: track_titles(rows) for film, rows in self.tracks.groupby("film_id")}

    @cached_property
    def cues(self) -> pd.DataFrame:
        """The cues of all films, table of CUES; corrected ones where a film has them."""
        paths = self.matching("cues/films/*.parquet") | self.matching("cues/corrected/*.parquet")
        return _joined(paths.values(), tables.CUES)

    @cached_property
    def visuals(self) -> pd.DataFrame:
        """The visual statistics of all films, table of VISUALS."""
        return self.joined("visuals/*.parquet", tables.VISUALS)

    @cached_property
    def bags(self) -> dict[str, pd.DataFrame]:
        """The bags by feature set, tables of BAGS."""
        paths = self.matching("bags/*.parquet")
        return {name: tables.read_table(path, tables.BAGS) for name, path in paths.items()}

    @cached_property
    def film_rows(self) -> list[dict]:
        """The films in use with their cues and music, as `films.film_rows` gives them."""
        return film_rows(self.films, self.cues, self.status)

    @cached_property
    def networks(self) -> dict[str, list[dict]]:
        """Rows of WEIGHTS of the networks that the run asks for, by state: used, left out."""
        table = self.table("pretrained/status.tsv", tables.WEIGHTS)
        return {
            state: table[table.state == state].to_dict("records") for state in ("used", "left out")
        }

    @property
    def fold_films(self) -> bool:
        """Whether there are so many films that figures of single films are folded away."""
        return len(self.films) > self.config["report"]["open_timelines"]


def _joined(paths: Iterable[Path], schema: tables.Table) -> pd.DataFrame:
    parts = [tables.read_table(path, schema) for path in paths]
    return pd.concat(parts or [pd.DataFrame(columns=schema.names)], ignore_index=True)
