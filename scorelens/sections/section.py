"""A section of the report, rendered from an HTML template."""

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from scorelens.html_page import template_environment
from scorelens.sections import formats

MAX_ROWS = 20  # of a table with a row a film: the page has the same size for any number of films
FILTERS = {
    "clock": formats.clock,
    "number": formats.number,
    "p_value": formats.p_value,
    "percent": formats.percent,
}


@dataclass(frozen=True)
class Section:
    """One section of the report, and what it adds to the head of the page.

    Parameters
    ----------
    id : str
        Anchor of the section, unique on the page.
    title : str
        Heading, also shown in the navigation.
    body : Markup
        HTML below the heading.
    headline : Markup
        Clause of the page's heading, empty for none.
    lead : Markup
        HTML for the first paragraph of the page, empty for none.
    story : Markup
        HTML for the paragraph that connects the stages, empty for none.
    tiles : sequence of (str, str)
        Numbers shown at the head of the page, each with its label.
    """

    id: str
    title: str
    body: Markup
    headline: Markup
    lead: Markup
    story: Markup
    tiles: Sequence[tuple[str, str]] = ()


def render_section(
    id: str,
    title: str,
    template: str | os.PathLike,
    values: Mapping,
    tiles: Sequence[tuple[str, str]] = (),
) -> Section:
    """Render a section from the blocks of a template.

    Parameters
    ----------
    id : str
        Anchor of the section, unique on the page.
    title : str
        Heading, also shown in the navigation.
    template : path
        Jinja template with a block `body` and, optionally, blocks `headline`, `lead` and `story`.
        The filters of `FILTERS`, `MAX_ROWS` and `whole_table` are available. Variables are escaped.
    values : mapping
        Variables of the template.
    tiles : sequence of (str, str)
        Numbers for the head of the page, each with its label.

    Returns
    -------
    Section

    Raises
    ------
    jinja2.UndefinedError
        If the template uses a variable that `values` lacks.
    """
    source = load_template(template)

    def block(name: str) -> Markup:
        if name not in source.blocks:
            return Markup()
        return Markup("".join(source.blocks[name](source.new_context(values))).strip())

    return Section(
        id, title, block("body"), block("headline"), block("lead"), block("story"), tiles
    )


def whole_table(total: int, unit: str, path: str, which: str = "first") -> Markup:
    """Say below a table how many rows it has of how many, and where all of them are.

    Parameters
    ----------
    total : int
        Rows of the whole table, of which the page shows `MAX_ROWS` at most.
    unit : str
        What a row is, in the plural.
    path : str
        The whole table, by its path in the folder of results; a folder ends with a slash.
    which : str
        Which rows are shown.

    Returns
    -------
    Markup
        A paragraph with a link; empty if the page shows all rows.

    Examples
    --------
    >>> whole_table(20, "films", "corpus/films.tsv")
    Markup('')
    >>> print(whole_table(1000, "films", "corpus/films.tsv").striptags())
    The first 20 of 1,000 films. All of them: results/corpus/films.tsv
    """
    if total <= MAX_ROWS:
        return Markup()
    return Markup(
        '<p class="rest">The {} {} of {:,} {}. All of them: '
        '<a href="{}"><code>results/{}</code></a></p>'
    ).format(which, MAX_ROWS, total, unit, path, path)


def load_template(path: str | os.PathLike) -> jinja2.Template:
    """Load a template; it may include files of its own folder.

    Parameters
    ----------
    path : path
        Jinja template.

    Returns
    -------
    jinja2.Template
        Escapes variables and fails on undefined ones.
    """
    return _environment(Path(path).parent).get_template(Path(path).name)


@functools.cache
def _environment(folder: Path) -> jinja2.Environment:
    environment = template_environment(folder)
    environment.filters |= FILTERS
    environment.globals |= {"MAX_ROWS": MAX_ROWS, "whole_table": whole_table}
    return environment
