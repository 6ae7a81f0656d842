"""The largest drift between track and film that an alignment follows."""

from types import SimpleNamespace

import numpy as np
import pytest

from scorelens.cues.alignment import KEY_ORIGIN, KEY_SHIFT, Candidates, choose_alignments
from scorelens.fingerprints import Settings

HOP_S = Settings().hop_s
INDEX = SimpleNamespace(settings=Settings())


def windows_with_drift(slope, count=5, apart_s=0.5, track=2, diagonal=100.0):
    """One candidate per window, whose diagonal moves by `slope` frames per frame."""
    candidates = []
    for number in range(count):
        frame = number * apart_s / HOP_S
        at_frame = diagonal + slope * frame
        key = (track << KEY_SHIFT) + round(at_frame) + KEY_ORIGIN
        nats = 100.0 - number
        columns = (nats, frame, at_frame, 0.0, 1.0)
        candidates.append(Candidates(np.array([key]), *(np.array([value]) for value in columns)))
    return candidates


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("slope", "apart_s", "is_followed"),
    [(0.0029, 5.0, True), (0.0031, 5.0, False), (0.0029, 1.0, False)],
)
def test_alignment_with_drift_up_to_0_003_is_followed(slope, apart_s, is_followed, sign):
    """With windows 1 s apart the diagonal moves by less than a frame, and the slope is 0."""
    candidates = windows_with_drift(sign * slope, 3, apart_s)
    alignments = choose_alignments(candidates, INDEX, 0.0)
    assert alignments.slope[0] == pytest.approx(sign * slope if is_followed else 0.0, abs=1e-6)
    assert set(alignments.track) == {2}
