"""The look of every figure: colours that colour-blind readers tell apart, and one way to save."""

import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.figure import Figure

from scorelens.tables import atomic

# Okabe and Ito's palette, in an order that keeps neighbours apart; black is for text.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")
QUIET = "#8a8a8a"

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
    }
)


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure (SVG or PNG by the ending), the same bytes for the same picture; close it."""
    undated = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata=undated)
    plt.close(figure)
