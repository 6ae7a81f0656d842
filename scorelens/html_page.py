"""Render self-contained HTML pages: one file that needs no server and no network."""

import json
import os
from pathlib import Path

import jinja2
from markupsafe import Markup

from scorelens.tables import atomic


def render_page(folder: Path, data: object, output: str | os.PathLike, **values: object) -> None:
    """Write a page from the template, style and script of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with `page.html` (a Jinja template), `page.css` and `page.js`.
    data : object
        Data for the script, serialisable as JSON. The template places it with `{{ data }}`.
    output : str or os.PathLike
        Path of the page.
    **values : object
        Further values for the template. They are escaped.
    """
    # "<" is escaped so that no text of the data ends the script element or starts a comment.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = template_environment(folder).get_template("page.html")
    page = template.render(
        values,
        style=Markup((folder / "page.css").read_text(encoding="utf-8")),
        script=Markup((folder / "page.js").read_text(encoding="utf-8")),
        data=Markup(text),
    )
    with atomic(output) as temporary:
        temporary.write_text(page + "\n", encoding="utf-8")


def template_environment(folder: Path) -> jinja2.Environment:
    """Make the environment in which all templates of a folder are rendered.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the templates, which may include each other.

    Returns
    -------
    jinja2.Environment
        Escapes variables and fails on undefined ones.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
