"""Render HTML pages that need no server and no network, with one look and one policy.

`html_colours.css` has the variables of both colour schemes, `html_page.css` the look of text,
forms, tables and print. A page adds its own style, which uses these variables. `html_page.html` is
the frame that templates extend with their blocks `title` and `body`.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

import jinja2
from markupsafe import Markup

from scorelens.tables import atomic

HERE = Path(__file__).parent
COLOURS = HERE / "html_colours.css"  # variables of both colour schemes


def render_page(folder: Path, data: object, output: str | os.PathLike, **values: object) -> None:
    """Write a page from the template, style and script of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with `page.html` (a Jinja template), `page.css` and `page.js`.
    data : object
        Data for the script, serialisable as JSON, in the element of id `data`; None for none.
    output : str or os.PathLike
        Path of the page.
    **values : object
        Further values for the template. They are escaped.
    """
    own_style, script = ((folder / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    style = shared_style() + own_style
    template = template_environment(folder).get_template("page.html")
    page = template.render(
        values,
        policy=content_security_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=Markup() if data is None else embedded_json(data),
    )
    with atomic(output) as temporary:
        temporary.write_text(page + "\n", encoding="utf-8")


def shared_style() -> str:
    """Give the style that all pages have: the colours of both schemes, text, forms, tables."""
    return "".join(path.read_text("utf-8") for path in (COLOURS, HERE / "html_page.css"))


def embedded_json(data: object) -> Markup:
    """Format data as JSON that can stand in a script element.

    Parameters
    ----------
    data : object
        Serialisable as JSON.

    Returns
    -------
    markupsafe.Markup
        Without `<`, so that no text of the data ends the element or starts a comment.

    Examples
    --------
    >>> embedded_json(["</script>"])
    Markup('["\\\\u003c/script>"]')
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def content_security_policy(style: str, script: str) -> str:
    """State what a page may load and run: its style, its script, and files beside it.

    Parameters
    ----------
    style, script : str
        Content of the one style element and the one script of the page; no other runs, and no
        handler or style in an attribute.

    Returns
    -------
    str
        For the meta element `Content-Security-Policy`.

    Examples
    --------
    >>> content_security_policy("", "").split("; ")[0]
    "default-src 'none'"
    """
    rules = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "'self' file: data:",
        "media-src": "'self' file:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def template_environment(*folders: Path) -> jinja2.Environment:
    """Make the environment in which all templates of some folders are rendered.

    Parameters
    ----------
    *folders : pathlib.Path
        Folders of the templates, which may include each other and extend `html_page.html`.

    Returns
    -------
    jinja2.Environment
        Escapes variables and fails on undefined ones.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, HERE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
