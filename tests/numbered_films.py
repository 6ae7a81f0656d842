"""Films whose frames encode their frame number."""

import itertools

import av
import cv2
import numpy as np

from scorelens.trailers.data.frame_sampling import Sampling

DARK, LIGHT = 60, 220
FROM_200 = Sampling(first_frame=200, frames=31, used=10, sound_s=30.0)


def numbered(number, width=96, height=64):
    """A picture whose middle square encodes a number in 4 x 4 blocks, lowest bit at top left."""
    bits = (number >> np.arange(16) & 1).reshape(4, 4)
    side = min(width, height)
    code = cv2.resize(
        np.where(bits, LIGHT, DARK).astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST
    )
    picture = np.full((height, width, 3), DARK, np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    picture[top : top + side, left : left + side] = code[..., None]
    return picture


def numbers_of(frames):
    """Decode the numbers of frames of 224 x 224 px."""
    bits = frames[:, 28::56, 28::56].mean(-1) > (DARK + LIGHT) / 2
    return (bits.reshape(-1, 16) << np.arange(16)).sum(1).tolist()


def coded(path, pictures, pts=None, ratio=None, codec="libx264", rate=25, sound=None, **options):
    """Write a trailer; return its path. pts: ticks of the pictures, by default 0, 1, 2, ..."""
    pictures = iter(pictures)
    first = next(pictures)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if ratio:
            stream.sample_aspect_ratio = ratio
        audio = None
        if sound is not None:
            audio = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        ticks = iter(pts or itertools.count())
        for picture in itertools.chain([first], pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = next(ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio:
            whole = (sound * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, 0
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path
