"""The look of every figure: colours that colour-blind readers tell apart, and one way to save."""

import io
import os
import re
import textwrap
import unicodedata
import warnings

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import cycler
from matplotlib.figure import Figure

from scorelens.tables import atomic

# Okabe and Ito's palette, in an order that keeps neighbours apart; black is for text.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")
QUIET = "#8a8a8a"
# What XML has no letters for; a name may hold it by accident.
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"

plt.rcParams.update(
    {
        "axes.prop_cycle": cycler(color=PALETTE),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "scorelens",
        "text.parse_math": False,  # dollars in titles are dollars
    }
)


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure (SVG or PNG by the ending), the same bytes for the same picture; close it."""
    with atomic(path) as temporary:
        if str(path).endswith(".svg"):
            temporary.write_bytes(as_svg(figure))
        else:
            _render(figure, temporary, metadata={"Software": None})


def as_svg(figure: Figure) -> bytes:
    """A figure as SVG, the same bytes for the same picture; close it.

    Text stays text: whoever shows the picture takes letters that matplotlib's font lacks from
    another, and writes from right to left what is written so.
    """
    content = io.BytesIO()
    _render(figure, content, format="svg", metadata={"Date": None})
    return CONTROL.sub("", content.getvalue().decode()).encode()


def isolated(words: str) -> str:
    """A name of the user's to stand among other words, marked if it is written from the right.

    Without the marks (Unicode's isolates) its letters would draw the digits that follow to their
    other side.

    >>> isolated("Night Train")
    'Night Train'
    >>> isolated("לילה") == ISOLATE + "לילה" + END_OF_ISOLATE
    True
    """
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in words)
    return f"{ISOLATE}{words}{END_OF_ISOLATE}" if turned else words


def wrapped(words: str, columns: int) -> str:
    """Words in lines of at most so many columns; letters as wide as high take two.

    >>> wrapped("a title that is long", 12)
    'a title that\\nis long'
    """
    is_wide = {one: unicodedata.east_asian_width(one) in "WF" for one in words}
    spread = "".join(f"{one}\0" if is_wide[one] else one for one in words)
    return textwrap.fill(spread, columns).replace("\0", "")


def _render(figure: Figure, target, **options) -> None:
    with warnings.catch_warnings():
        # Matplotlib leaves room for letters that it lacks; of an SVG the reader's fonts count.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        figure.savefig(target, dpi=150, **options)
    plt.close(figure)
