"""Profiles of the set `mir`: frame rates and defaults of MIRtoolbox, or lower rates at less cost.

`mirtoolbox` has the frame rates of MIRtoolbox, and the defaults of its releases up to 1.7.2, which
were those of the study's time: chroma and keys from levels in decibels, key strength of frames of
0.1 s, pulse clarity under the resonance curve. `fast` has fewer frames of chroma, crest and
flatness, roughness and inharmonicity, band powers of frames of 93 ms instead of 100 ms below
rhythm, chroma and keys from amplitudes as from release 1.8 on, and no resonance curve in pulse
clarity; all other columns are the same. The benchmark of the features measures what that changes.
"""

from typing import NamedTuple


class Profile(NamedTuple):
    """Hops of the frames, s, and whether chroma, keys and pulse clarity are as before July 2021."""

    chroma_hop_s: float
    power_hop_s: float  # crest and flatness
    roughness_hop_s: float
    inharmonicity_hop_s: float
    has_2021_defaults: bool


MIRTOOLBOX = Profile(0.01, 0.01, 0.025, 0.0125, has_2021_defaults=True)
FAST = Profile(0.15, 0.04, 0.1, 0.1, has_2021_defaults=False)
PROFILES = {"mirtoolbox": MIRTOOLBOX, "fast": FAST}
