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
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

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
    spread = "".join(f"{one}\0" if _stand_in(one) != one else one for one in words)
    return textwrap.fill(spread, columns).replace("\0", "")


def _render(figure: Figure, target, **options) -> None:
    with warnings.catch_warnings():
        # Of an SVG it is the reader's fonts that count.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        _make_room(figure)
        figure.savefig(target, dpi=150, **options)
    plt.close(figure)


def _make_room(figure: Figure) -> None:
    """Lay a figure out for letters as wide as high, if it has any: the font's stand-in is narrower.

    It is laid out with other letters of that width in their place.
    """
    texts = {text: text.get_text() for text in figure.findobj(Text) if _has_wide(text.get_text())}
    if not texts:
        return
    axes = [axis for own in figure.axes for axis in (own.xaxis, own.yaxis)]
    named = [axis for axis in axes if isinstance(axis.get_major_locator(), FixedLocator)]
    formatters = {axis: axis.get_major_formatter() for axis in named}
    for axis in named:  # what a tick says is for its formatter to say
        axis.set_ticklabels([_stand_in(text.get_text()) for text in axis.get_ticklabels()])
    for text, words in texts.items():
        text.set_text(_stand_in(words))
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis, formatter in formatters.items():
        axis.set_major_formatter(formatter)
    for text, words in texts.items():
        text.set_text(words)


def _has_wide(words: str) -> bool:
    return not words.isascii() and _stand_in(words) != words


def _stand_in(words: str) -> str:
    return "".join(
        "W" if unicodedata.east_asian_width(letter) in "WF" else letter for letter in words
    )
