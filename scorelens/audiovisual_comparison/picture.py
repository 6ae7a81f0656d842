"""What is measured of the picture of a film, or of a clip of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

MEDIANS = ("brightness", "contrast", "saturation", "motion_energy")
CUT_RATE = "cut_rate"
MEASURES = ("brightness", "contrast", "saturation", CUT_RATE, "motion_energy")


def summarise_picture(visuals: pd.DataFrame, keys: str | Sequence[str]) -> pd.DataFrame:
    """Summarise the picture of each film or clip.

    Parameters
    ----------
    visuals : pandas.DataFrame
        Rows of VISUALS, one per second, with the columns `keys`.
    keys : str or sequence of str
        Columns that name the film or clip.

    Returns
    -------
    pandas.DataFrame, one row per film or clip
        The measures of `MEASURES`: medians over the seconds, and cuts per minute; NaN where there
        is none.
    """
    seconds = visuals.astype(dict.fromkeys((*MEDIANS, "cuts"), np.float64))
    units = seconds.groupby(keys)
    values = units[list(MEDIANS)].median()
    values[CUT_RATE] = 60 * units["cuts"].mean()
    return values[list(MEASURES)]
