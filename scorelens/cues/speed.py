"""The speed at which a film plays most of its music."""

import pandas as pd


def film_speed(cues: pd.DataFrame) -> float:
    """Track seconds that pass in a second of film, the median over the time of the cues.

    Parameters
    ----------
    cues : DataFrame
        Cues of a film (`tables.CUES`), not empty. A track may run at a speed of its own.

    Returns
    -------
    float
    """
    ordered = cues.sort_values("speed")
    passed = (ordered.film_end_s - ordered.film_start_s).cumsum()
    return float(ordered.speed.iloc[int((passed < passed.iloc[-1] / 2).sum())])
