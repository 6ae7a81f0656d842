"""Films of grey and coloured pictures in any codec and pixel format, and their statistics."""

from fractions import Fraction

import av
import numpy as np

from scorelens.visuals import colour, measure

BLACK_LEVEL = 0.06


def write_film(
    path, pictures, codec="ffv1", form="yuv444p", rate=10, pts=None, matrix=1, **options
):
    """Write pictures, each the planes of `form` stacked as PyAV takes them; pts in 1/rate s."""
    span = options.pop("color_range", 1 if form.startswith("yuv") else 0)
    transfer = options.pop("transfer", 2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = _size(pictures[0], form)
        stream.pix_fmt, stream.time_base = form, Fraction(1, rate)
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, span
        stream.codec_context.color_trc = transfer
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=form)
            frame.pts, frame.time_base = pts[k] if pts else k, Fraction(1, rate)
            frame.colorspace, frame.color_range, frame.color_trc = matrix, span, transfer
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _size(picture, form):
    if form.startswith("yuv420p"):
        return picture.shape[0] * 2 // 3, picture.shape[1]
    return picture.shape[1:] if form.startswith("yuv444p") else picture.shape[:2]


def grey(code, height=48, width=64):
    """A yuv444p picture of one luma code and neutral chroma."""
    planes = np.full((3, height, width), 128, np.uint8)
    planes[0] = code
    return planes


def film_of_greys(path, codes, **settings):
    return write_film(path, [grey(code) for code in codes], **settings)


def statistics(path, black_level=0, **settings):
    """The measures of each second's frame, shape (seconds, 4)."""
    frame = measure.measure_picture(path, black_level, **settings)
    return frame[list(colour.MEASURES)].to_numpy()


def brightness(path, **settings):
    return statistics(path, **settings)[:, 0]


def coded(rgb, weights, low=16, span=219, chroma=224, middle=128):
    """R, G, B in 0..1, shape (h, w, 3), as Y, Cb, Cr codes, after ITU-R BT.709, section 3."""
    y = rgb @ np.array(weights)
    cb = (rgb[..., 2] - y) / (2 - 2 * weights[2])
    cr = (rgb[..., 0] - y) / (2 - 2 * weights[0])
    codes = np.stack([low + span * y, middle + chroma * cb, middle + chroma * cr])
    return np.rint(codes)


def blocks_of_colour():
    """Random colours in blocks of 8 pixels, none nearly black; R, G, B in 0..1, (96, 128, 3)."""
    blocks = np.random.default_rng(1).uniform(0.1, 1, (12, 16, 3))
    return blocks.repeat(8, axis=0).repeat(8, axis=1)
