"""How figures get into a page."""

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from scorelens.figures import as_svg

FONTS = ["DejaVu Sans", "Verdana", "Arial"]
_PATHS = re.compile(rb' d="[^"]*"')
_FINE = re.compile(rb"(\d\.\d)\d+")


def drawn(figure: Figure) -> bytes:
    """A figure as SVG, the same bytes for the same picture, with coordinates cut to 0.1 pt.

    The figure is closed. A tenth of a point is less than a screen shows, and makes long lines a
    third smaller.
    """
    with plt.rc_context({"font.sans-serif": FONTS}):  # every text bears the whole list
        content = as_svg(figure)
    return _PATHS.sub(lambda path: _FINE.sub(rb"\1", path.group()), content)


def address(svg: str | os.PathLike | bytes) -> str:
    """An SVG as a data address: the ids of several figures on one page then cannot collide."""
    content = svg if isinstance(svg, bytes) else Path(svg).read_bytes()
    return "data:image/svg+xml;base64," + base64.b64encode(content).decode()


def figures(found: Mapping[str, str | os.PathLike]) -> dict[str, str]:
    """The SVGs among the files of a stage, by stem, as addresses. found: paths by file name."""
    return {Path(name).stem: address(path) for name, path in found.items() if name.endswith(".svg")}
