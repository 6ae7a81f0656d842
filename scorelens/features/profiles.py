"""Profiles of the set `mir`: the frame rates of MIRtoolbox, or lower ones at less cost.

`fast` has fewer frames of chroma, crest and flatness, roughness and inharmonicity, and rhythm's
band powers are of frames of 93 ms instead of 100 ms; all other columns are the same. The benchmark
of the features measures what that changes.
"""

from typing import NamedTuple


class Profile(NamedTuple):
    """Hops of the frames, s."""

    chroma_hop_s: float
    power_hop_s: float  # crest and flatness
    roughness_hop_s: float
    inharmonicity_hop_s: float


MIRTOOLBOX = Profile(0.01, 0.01, 0.025, 0.0125)
FAST = Profile(0.15, 0.04, 0.1, 0.1)
PROFILES = {"mirtoolbox": MIRTOOLBOX, "fast": FAST}
