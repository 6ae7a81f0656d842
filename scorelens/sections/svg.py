"""SVG figures for a page that needs no other file: compact, and embedded as data URIs."""

import base64
import os
import re
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from scorelens.figures import as_svg

FONTS = ["DejaVu Sans", "Verdana", "Arial"]
_PATHS = re.compile(rb' d="[^"]*"')
_DECIMALS = re.compile(rb"(\d\.\d)\d+")


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


def data_uri(svg: str | os.PathLike | bytes) -> str:
    """Encode an SVG as a data URI, so that ids of several figures on a page cannot collide.

    Parameters
    ----------
    svg : path or bytes
        File, or its content.

    Returns
    -------
    str

    Examples
    --------
    >>> data_uri(b"<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    content = svg if isinstance(svg, bytes) else Path(svg).read_bytes()
    return "data:image/svg+xml;base64," + base64.b64encode(content).decode()
