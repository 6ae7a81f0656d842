"""SVG figures for a page that needs no other file: compact, and embedded as data URIs."""

import os
import re
from pathlib import Path

from markupsafe import Markup
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from scorelens.figures import as_svg

FONTS = ["DejaVu Sans", "Verdana", "Arial"]
_PATHS = re.compile(rb' d="[^"]*"')
_DECIMALS = re.compile(rb"(\d\.\d)\d+")
# What matplotlib repeats in every element, and rotations by nothing.
_REPEATED = re.compile(
    r""" ?font-family: [^";]*;?| transform="rotate\(-?0 [^"]*"|(?<=<g) id="[^"]*\""""
    r"|^<!--.*|^<metadata>.*",
    re.DOTALL,
)
_TAGS = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<[^>]*>", re.DOTALL)
_COORDINATES = re.compile(r"(?<=[ \"])(-?\d+\.\d\d)\d+")
_FONT_RULE = f"text{{font-family:{','.join(FONTS)},sans-serif}}</style>"


def compact_svg(figure: Figure) -> bytes:
    """Render a figure as SVG with coordinates truncated to 0.1 pt, and close it.

    A tenth of a point is below the resolution of a screen; long lines get a third smaller.

    Parameters
    ----------
    figure : Figure
        Closed afterwards.

    Returns
    -------
    bytes
        The same for the same figure.
    """
    with plt.rc_context({"font.sans-serif": FONTS}):  # every text element lists all fonts
        content = as_svg(figure)
    return _PATHS.sub(lambda path: _DECIMALS.sub(rb"\1", path.group()), content)


def data_uri(svg: str | os.PathLike | bytes) -> Markup:
    """Encode an SVG as a data URI, so that ids of several figures on a page cannot collide.

    Parameters
    ----------
    svg : path or bytes
        File, or its content.

    Returns
    -------
    Markup
        For an attribute in double quotes. As text it is a quarter smaller than in base64.

    Examples
    --------
    >>> print(data_uri(b'<svg id="a">\\n <text>5% "#1"</text>\\n</svg>'))
    data:image/svg+xml,<svg id='a'><text>5%25 &#34;%231&#34;</text></svg>
    """
    content = svg if isinstance(svg, bytes) else Path(svg).read_bytes()
    text = minified(content.decode()).replace("%", "%25").replace("#", "%23")
    quoted = re.sub(r"""="([^"']*)\"""", r"='\1'", text)
    return Markup("data:image/svg+xml," + quoted.replace("&", "&amp;").replace('"', "&#34;"))


def minified(svg: str) -> str:
    """Leave out what a browser does not need of an SVG that matplotlib wrote.

    Parameters
    ----------
    svg : str

    Returns
    -------
    str
        One line; the picture is the same to a hundredth of a point.

    Examples
    --------
    >>> minified('<g id="axes_1">\\n <path d="M 1.23456 2 \\nL 3 4"/>\\n</g>')
    '<g><path d="M 1.23 2 L 3 4"/></g>'
    >>> minified("<text>p 0.012</text>")
    '<text>p 0.012</text>'
    """
    short = _TAGS.sub(lambda tag: _COORDINATES.sub(r"\1", _REPEATED.sub("", tag[0])), svg)
    # Only what stands between elements: spaces in texts are kept.
    joined = re.sub(r">\s*\n\s*<", "><", short).replace(' style=""', "").strip()
    lines = re.sub(r" *[\n\r\t]+", " ", joined)
    return lines.replace("</style>", _FONT_RULE, 1)
