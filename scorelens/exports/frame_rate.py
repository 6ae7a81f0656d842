"""Frame rates of time code, and time code."""

from fractions import Fraction

from opentimelineio.opentime import RationalTime, from_timecode, to_timecode

NTSC = Fraction(1000, 1001)
RATES = (24 * NTSC, Fraction(24), Fraction(25), 30 * NTSC, Fraction(30), Fraction(48))
RATES += (Fraction(50), 60 * NTSC, Fraction(60))
DROP_FRAME = (30 * NTSC, 60 * NTSC)
WITHOUT_PICTURE = Fraction(25)
TOLERANCE = 0.001  # of a rate: 24 and 23.976 differ by as much
MAX_MULTIPLE = 4


def standard_rate(rate_hz: float | None) -> Fraction:
    """Choose the rate of time code for a film.

    Parameters
    ----------
    rate_hz : float or None
        Mean frame rate of the film, Hz; None or NaN without pictures.

    Returns
    -------
    Fraction
        The rate itself, exactly, or the smallest multiple that is a rate of time code. If there is
        none, as for a film with a variable rate, the nearest. 25 without pictures.

    Examples
    --------
    >>> standard_rate(23.98), standard_rate(29.97), standard_rate(12.5), standard_rate(24.6)
    (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25, 1), Fraction(25, 1))
    """
    if not rate_hz or rate_hz != rate_hz:
        return WITHOUT_PICTURE
    for multiple in range(1, MAX_MULTIPLE + 1):
        nearest = min(RATES, key=lambda rate: abs(rate - rate_hz * multiple))
        if abs(nearest - rate_hz * multiple) <= TOLERANCE * nearest:
            return nearest
    return min(RATES, key=lambda rate: abs(rate - rate_hz))


def nearest_frame(time_s: float, rate: Fraction) -> int:
    """Number of the frame that starts nearest to a time.

    Parameters
    ----------
    time_s : float
        Seconds of the film.
    rate : Fraction
        Frames a second.

    Returns
    -------
    int

    Examples
    --------
    >>> nearest_frame(3600.0, 24 * NTSC)
    86314
    """
    return round(Fraction(time_s) * rate)


def timecode(frame: int, rate: Fraction) -> str:
    """Time code of a frame (SMPTE ST 12-1): drop-frame at 29.97 and 59.94 frames a second.

    Parameters
    ----------
    frame : int
        Number of the frame, from 0.
    rate : Fraction
        One of RATES.

    Returns
    -------
    str
        hours:minutes:seconds:frames, the last after a semicolon if it is drop-frame.

    Examples
    --------
    >>> timecode(1800, 30 * NTSC), timecode(17982, 30 * NTSC), timecode(86400, 24 * NTSC)
    ('00:01:00;02', '00:10:00;00', '01:00:00:00')
    """
    return to_timecode(RationalTime(frame, float(rate)), float(rate), rate in DROP_FRAME)


def first_hour(rate: Fraction) -> int:
    """Number of the frame with the time code 01:00:00:00.

    Parameters
    ----------
    rate : Fraction
        One of RATES.

    Returns
    -------
    int

    Examples
    --------
    >>> first_hour(24 * NTSC), first_hour(30 * NTSC)
    (86400, 107892)
    """
    separator = ";" if rate in DROP_FRAME else ":"
    return round(from_timecode(f"01:00:00{separator}00", float(rate)).value)
