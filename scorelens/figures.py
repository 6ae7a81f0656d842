"""Style of all figures: colours for colour-blind readers, time axes, and one way to save."""

import io
import os
import re
import textwrap
import unicodedata
import warnings

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from scorelens.tables import atomic

# Okabe and Ito's palette, in an order that keeps neighbours apart; black is for text.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")
QUIET = "#8a8a8a"  # grey, for what is not to draw attention
CHANCE = {"color": "black", "marker": "|", "markersize": 11, "ls": "none", "mew": 1.5}  # a tick
SHARE_TICKS = {"ticks": [0, 0.25, 0.5, 0.75, 1], "labels": ["0", "0.25", "0.5", "0.75", "1"]}
TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # between ticks
# Characters that XML does not allow; a name may hold one by accident.
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
    """Write a figure and close it; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        SVG or PNG by its ending.
    """
    with atomic(path) as temporary:
        if str(path).endswith(".svg"):
            temporary.write_bytes(as_svg(figure))
        else:
            _render(figure, temporary, metadata={"Software": None})


def as_svg(figure: Figure) -> bytes:
    """Render a figure as SVG and close it; the same figure gives the same bytes.

    Text stays text: the viewer takes letters that matplotlib's font lacks from another font, and
    writes right-to-left text in its direction.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    bytes
    """
    content = io.BytesIO()
    _render(figure, content, format="svg", metadata={"Date": None})
    return CONTROL.sub("", content.getvalue().decode()).encode()


def isolated(text: str) -> str:
    """Isolate right-to-left text, such as a title, from the text around it.

    Without Unicode's isolate characters its letters would move the digits that follow to their
    other side.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> isolated("Night Train")
    'Night Train'
    >>> isolated("לילה") == ISOLATE + "לילה" + END_OF_ISOLATE
    True
    """
    right_to_left = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)
    return f"{ISOLATE}{text}{END_OF_ISOLATE}" if right_to_left else text


def wrapped(text: str, columns: int) -> str:
    """Break text into lines; letters as wide as high take two columns.

    Parameters
    ----------
    text : str
    columns : int
        Most columns of a line.

    Returns
    -------
    str

    Examples
    --------
    >>> wrapped("a title that is long", 12)
    'a title that\\nis long'
    """
    is_wide = {letter: unicodedata.east_asian_width(letter) in "WF" for letter in text}
    spread = "".join(f"{letter}\0" if is_wide[letter] else letter for letter in text)
    return textwrap.fill(spread, columns).replace("\0", "")


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str

    Examples
    --------
    >>> clock(4000.5)
    '66:40'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def set_time_ticks(axis: Axes, length_s: float, max_ticks: int) -> None:
    """Mark a time axis in minutes and seconds, at a round step.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Its x axis is in seconds.
    length_s : float
        From 0 to the last tick at most.
    max_ticks : int
        Most steps; beyond an hour's step there may be more.
    """
    step = next((s for s in TIME_STEPS_S if length_s / s <= max_ticks), TIME_STEPS_S[-1])
    axis.set_xticks(np.arange(0, length_s + 1e-6, step))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds)))


def _render(figure: Figure, target, **options) -> None:
    with warnings.catch_warnings():
        # Matplotlib leaves room for letters that it lacks; of an SVG the reader's fonts count.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        figure.savefig(target, dpi=150, **options)
    plt.close(figure)
