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
        The filters of `FILTERS` are available. Variables are escaped.
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
    return environment
