"""Time code by hand, and the rates of films."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.exports.frame_rate import (
    DROP_FRAME,
    RATES,
    first_hour,
    nearest_frame,
    standard_rate,
    timecode,
)

FILM, NTSC, NTSC_60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        # Drop-frame skips ;00 and ;01 at each minute that is no multiple of ten.
        (1799, NTSC, "00:00:59;29"),
        (1800, NTSC, "00:01:00;02"),
        (3597, NTSC, "00:01:59;29"),
        (3598, NTSC, "00:02:00;02"),
        (17981, NTSC, "00:09:59;29"),
        (17982, NTSC, "00:10:00;00"),  # 10 * 1800 - 9 * 2
        (107892, NTSC, "01:00:00;00"),  # 6 * 17982
        (215784 + 17982 + 1800 + 5, NTSC, "02:11:00;07"),
        # At 59.94 it skips ;00 to ;03.
        (3599, NTSC_60, "00:00:59;59"),
        (3600, NTSC_60, "00:01:00;04"),
        (35964, NTSC_60, "00:10:00;00"),
        (215784, NTSC_60, "01:00:00;00"),
        # 23.976 counts 24 frames to a second of time code: it is 3.6 s late after an hour.
        (86399, FILM, "00:59:59:23"),
        (86400, FILM, "01:00:00:00"),
        (25 * 3725 + 13, Fraction(25), "01:02:05:13"),
        (24 * 61, Fraction(24), "00:01:01:00"),
        (60 * 59 + 59, Fraction(60), "00:00:59:59"),
    ],
)
def test_timecode_equals_the_one_computed_by_hand(frame, rate, code):
    assert timecode(frame, rate) == code


@pytest.mark.parametrize(
    ("time_s", "rate", "code"),
    [
        (3600.0, NTSC, "01:00:00;00"),  # 107,892.1 frames
        (3600.0, FILM, "00:59:56:10"),  # 86,313.69 frames: 3596 s and 10 frames
        (3603.6, FILM, "01:00:00:00"),  # exactly
        (60.06, NTSC, "00:01:00;02"),  # exactly 1,800 frames
        (7200.0, NTSC_60, "02:00:00;00"),  # 431,568.4 frames; 2 * 215,784
        (0.0199, Fraction(25), "00:00:00:00"),
        (0.0201, Fraction(25), "00:00:00:01"),
    ],
)
def test_time_of_a_film_has_the_time_code_computed_by_hand(time_s, rate, code):
    assert timecode(nearest_frame(time_s, rate), rate) == code


@pytest.mark.parametrize(
    ("rate_hz", "expected"),
    [
        (23.976, FILM),
        (24000 / 1001, FILM),
        (23.98, FILM),
        (24.0, Fraction(24)),
        (29.97, NTSC),
        (30.0, Fraction(30)),
        (59.94, NTSC_60),
        (12.0, Fraction(24)),
        (12.5, Fraction(25)),
        (15.0, Fraction(30)),
        (14.985, NTSC),
        (10.0, Fraction(30)),
        (24.7, Fraction(25)),  # a variable rate
        (240.0, Fraction(60)),
        (None, Fraction(25)),
        (float("nan"), Fraction(25)),
        (0.0, Fraction(25)),
    ],
)
def test_standard_rate_is_exact_a_multiple_or_the_nearest(rate_hz, expected):
    assert standard_rate(rate_hz) == expected


@given(st.integers(0, 5_000_000), st.sampled_from(RATES))
def test_time_code_of_each_frame_is_later_than_that_of_the_one_before(frame, rate):
    assert timecode(frame, rate) < timecode(frame + 1, rate)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_first_hour_is_the_frame_of_01_00_00_00(rate):
    separator = ";" if rate in DROP_FRAME else ":"
    assert timecode(first_hour(rate), rate) == f"01:00:00{separator}00"
