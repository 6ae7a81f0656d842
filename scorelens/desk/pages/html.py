"""Render a template of the desk, with its data in a block that is no script."""

import json
import os
from pathlib import Path

from markupsafe import Markup

from scorelens.html_page import template_environment
from scorelens.tables import atomic

PAGES = Path(__file__).parent
# Only files of the origin of the page; media and pictures also from anywhere on the disk.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; "
    "media-src 'self' file:; base-uri 'none'; form-action 'none'"
)


def write_html(template: str, data: object, output: str | os.PathLike, **values: object) -> None:
    """Write a page.

    Parameters
    ----------
    template : str
        Name of a template in the folder `pages`.
    data : object
        Data for the scripts, serialisable as JSON.
    output : str or os.PathLike
        Path of the page.
    **values : object
        Further values for the template. They are escaped.
    """
    # "<" is escaped so that no text of the data ends the element.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    page = template_environment(PAGES).get_template(template)
    rendered = page.render(values, policy=POLICY, data=Markup(text.replace("<", "\\u003c")))
    with atomic(output) as temporary:
        temporary.write_text(rendered + "\n", encoding="utf-8")
