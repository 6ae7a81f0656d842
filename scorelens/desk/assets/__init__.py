"""Style and scripts of the pages, and the copies that pages load.

`uPlot` is a library for plots of long time series (MIT), as its npm package has it; `SHA256SUMS`
lists its files.
"""

from pathlib import Path

_KINDS = {".js", ".css", ".LICENSE"}
# `colours.css` is that of all pages, see `scorelens.html_page`.
NAMES = (
    *sorted(path.name for path in Path(__file__).parent.iterdir() if path.suffix in _KINDS),
    "colours.css",
)
