"""Make moving pictures for assembled films: painted shots, stills under a moving camera, clips.

A `Shots` function takes a scene, a number of frames and a Generator, and returns an iterator over
that many frames, uint8 BGR of shape (height, width, 3), cuts included.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from scorelens import media
from scorelens.corpus.synthesis.recipes import PICTURE, PictureRecipe, draw_picture
from scorelens.corpus.synthesis.timeline import Scene
from scorelens.errors import InputError, MediaError, Problem

log = logging.getLogger(__name__)
IMAGE_ENDINGS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
VIDEO_ENDINGS = frozenset(
    {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv"}
)
MIN_SIDE = 64  # smaller images are icons and buttons
SCOPE_RATIO = 2.39  # width to height of the picture in a letterboxed film
_LUMA_BGR = np.array([0.0722, 0.7152, 0.2126], np.float32)  # BT.709
_MARGIN = 1.25  # a backdrop is larger than the frame, so that the camera can move over it

Shots = Callable[[Scene, int, np.random.Generator], Iterator[np.ndarray]]


@dataclass(frozen=True)
class FrameFormat:
    """Size and rate of the frames of a film.

    Parameters
    ----------
    width, height : int
        Pixels, both even.
    frame_rate_hz : int
        Frames a second.
    """

    width: int
    height: int
    frame_rate_hz: int


def painted_shots(
    genres_of: Callable[[Scene], tuple[str, ...]], frame_format: FrameFormat
) -> Shots:
    """Make a function that paints shots by the picture recipes.

    Parameters
    ----------
    genres_of : callable
        Returns the genres that a scene may have.
    frame_format : FrameFormat
        Size and rate of the frames.

    Returns
    -------
    Shots
    """

    def shots(scene: Scene, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        genres = genres_of(scene)
        recipe = draw_picture(genres[rng.integers(len(genres))], rng)
        for length in _cut(frames, 60 / recipe.cuts * frame_format.frame_rate_hz, rng):
            yield from _painted_shot(recipe, length, frame_format, rng)

    return shots


def paint_still(
    recipe: PictureRecipe, frame_format: FrameFormat, rng: np.random.Generator
) -> np.ndarray:
    """Paint one picture.

    Parameters
    ----------
    recipe : PictureRecipe
        Light, colour and shapes.
    frame_format : FrameFormat
        Size.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        BGR.
    """
    return next(_painted_shot(recipe, 1, frame_format, rng))


def all_genres(_: Scene) -> tuple[str, ...]:
    """All genres: what a scene may have in a film without pictures of its own.

    Parameters
    ----------
    _ : Scene
        Any scene.

    Returns
    -------
    tuple of str
    """
    return tuple(PICTURE)


def shots_from_folder(folder: str | os.PathLike, frame_format: FrameFormat) -> Shots:
    """Make a function that shows the images and videos in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        The folder. Still images get a slow pan or zoom. Files that cannot be read, or are smaller
        than `MIN_SIDE`, are skipped with a warning.
    frame_format : FrameFormat
        Size and rate of the frames.

    Returns
    -------
    Shots

    Raises
    ------
    InputError
        If the folder does not exist or holds neither images nor videos.
    """
    if not os.path.isdir(folder):
        raise InputError(Problem(str(folder), "is not a folder", "a folder of images or videos"))
    stills, clips = _files(folder, IMAGE_ENDINGS), _files(folder, VIDEO_ENDINGS)
    if not stills and not clips:
        raise _no_pictures(folder)

    def shots(scene: Scene, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        for length in _cut(frames, 5.0 * frame_format.frame_rate_hz, rng):
            shot = _filmed_shot(stills, clips, length, frame_format, rng)
            if shot is None:
                raise _no_pictures(folder)
            yield from shot

    return shots


def letterboxed(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Add black bars above and below, so that the picture between them has the ratio 2.39.

    Parameters
    ----------
    frames : iterator of ndarray of uint8, shape (height, width, 3)
        BGR pictures; changed in place.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
    """
    for frame in frames:
        height, width = frame.shape[:2]
        bar = max(0, round((height - width / SCOPE_RATIO) / 2))
        frame[:bar] = 0
        frame[height - bar :] = 0
        yield frame


def _cut(frames: int, mean: float, rng) -> list[int]:
    """Split a scene into shots of about `mean` frames, none shorter than a quarter of that."""
    lengths = []
    while frames > 0:
        length = max(1, round(mean * rng.uniform(0.5, 1.5)))
        if frames - length < mean / 4:
            length = frames
        lengths.append(length)
        frames -= length
    return lengths


def _painted_shot(
    recipe: PictureRecipe, frames: int, frame_format: FrameFormat, rng
) -> Iterator[np.ndarray]:
    backdrop = _painted_backdrop(recipe, frame_format, rng)
    shot = _camera(backdrop, frames, recipe.motion, frame_format, rng)
    return _with_shapes(shot, recipe, frame_format, rng)


def _painted_backdrop(recipe: PictureRecipe, frame_format: FrameFormat, rng) -> np.ndarray:
    """Soft clouds over a gradient; before clipping, the luma has the recipe's mean and spread."""
    width, height = round(frame_format.width * _MARGIN), round(frame_format.height * _MARGIN)
    luma = np.linspace(rng.uniform(-2, 2), 0, height, dtype=np.float32)[:, None] * np.ones(width)
    for cells in (3, 7, 17):
        grid = rng.standard_normal((cells, round(cells * 16 / 9)), np.float32) * 2.5 / cells**0.7
        luma = luma + cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    luma = recipe.luma + recipe.contrast * (luma - luma.mean()) / luma.std()
    tint = cv2.resize(rng.normal(recipe.hue, 25, (3, 4)).astype(np.float32), (width, height))
    return _coloured(np.clip(luma, 0.01, 1).astype(np.float32), tint, recipe.saturation)


def _coloured(luma: np.ndarray, hue: np.ndarray, saturation: float) -> np.ndarray:
    """BGR frame with this luma, 0..1, wherever the colour allows it; hue in degrees."""
    hsv = np.stack([hue % 360, np.full_like(luma, saturation), np.ones_like(luma)], axis=-1)
    bgr = cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2BGR)
    bgr *= (luma / (bgr @ _LUMA_BGR))[..., None]
    return (np.clip(bgr, 0, 1) * 255 + 0.5).astype(np.uint8)


def _with_shapes(
    shot, recipe: PictureRecipe, frame_format: FrameFormat, rng
) -> Iterator[np.ndarray]:
    """Ellipses that cross the frame, lighter or darker than the backdrop."""
    count = int(rng.integers(2, 6))
    size = np.array([frame_format.width, frame_format.height])
    start = rng.random((count, 2)) * size
    angle = rng.uniform(0, 2 * np.pi, count)
    speed = (
        recipe.motion * frame_format.width / frame_format.frame_rate_hz * rng.uniform(0.5, 2, count)
    )
    step = (speed * [np.cos(angle), 0.4 * np.sin(angle)]).T
    axes = rng.uniform(0.06, 0.24, (count, 2)) * frame_format.height * [1, 1.6]
    luma = np.clip(recipe.luma + recipe.contrast * rng.choice([-1.3, 1.3], count), 0.02, 0.95)
    hue = recipe.hue + rng.normal(0, 40, count)
    shades = _coloured(luma[None].astype(np.float32), hue[None], recipe.saturation)[0].tolist()
    for number, frame in enumerate(shot):
        centres = (start + number * step) % size
        for centre, axis, shade in zip(centres.tolist(), axes.tolist(), shades, strict=True):
            cv2.ellipse(frame, (centre, axis, 0), shade, cv2.FILLED, cv2.LINE_AA)
        yield frame


def _camera(
    still: np.ndarray, frames: int, speed: float, frame_format: FrameFormat, rng
) -> Iterator[np.ndarray]:
    """Pan and zoom over a still of _MARGIN times the frame; speed in frame widths a second."""
    margin = np.array([still.shape[1] - frame_format.width, still.shape[0] - frame_format.height])
    travel = min(
        1.0, speed * frame_format.width * frames / frame_format.frame_rate_hz / max(1, margin[0])
    )
    start = rng.random(2) * (1 - travel)
    zoom = rng.uniform(0.95, 1.05)
    if rng.random() < 0.5:
        still = cv2.flip(still, 1)
    for part in np.linspace(0, 1, frames):
        scale = 1 / (1 + (zoom - 1) * part)
        corner = (start + travel * part) * margin
        # warpAffine reads the map as frame -> still
        move = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
        yield cv2.warpAffine(
            still, move, (frame_format.width, frame_format.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip


def _files(folder, endings: frozenset[str]) -> list[Path]:
    return sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in endings)


def _no_pictures(folder) -> InputError:
    endings = " ".join(sorted(IMAGE_ENDINGS | VIDEO_ENDINGS))
    return InputError(
        Problem(str(folder), "holds no picture that can be read", f"files ending in {endings}")
    )


def _filmed_shot(
    stills, clips, frames: int, frame_format: FrameFormat, rng
) -> Iterator[np.ndarray] | None:
    """A still or a clip, with equal probability if there are both; a bad file leaves its list."""
    while stills or clips:
        paths = stills if not clips or (stills and rng.random() < 0.5) else clips
        path = paths[rng.integers(len(paths))]
        try:
            if paths is clips:
                return _read_clip(path, frames, frame_format, rng)
            return _camera(
                _read_still(path, frame_format), frames, rng.uniform(0.01, 0.04), frame_format, rng
            )
        except MediaError as error:
            log.warning("skipped: %s", error)
            paths.remove(path)
    return None


def _read_still(path: Path, frame_format: FrameFormat) -> np.ndarray:
    image = cv2.imread(os.fspath(path), cv2.IMREAD_COLOR)
    if image is None or min(image.shape[:2]) < MIN_SIDE:
        expected = f"an image of at least {MIN_SIDE} pixels a side"
        raise MediaError(Problem(str(path), "is no usable image", expected))
    return _cropped(
        image, round(frame_format.width * _MARGIN), round(frame_format.height * _MARGIN)
    )


def _read_clip(path: Path, frames: int, frame_format: FrameFormat, rng) -> Iterator[np.ndarray]:
    """Consecutive frames from a random position; a short clip is played forwards and backwards."""
    with media.open_container(path) as container:
        stream = media.picture_stream(container)
        if stream is None:
            raise MediaError(Problem(str(path), "has no moving pictures", "a video file"))
        spare_s = (container.duration or 0) / 1e6 - frames / frame_format.frame_rate_hz
        if spare_s > 0:
            container.seek(int((container.start_time or 0) + rng.uniform(0, spare_s) * 1e6))
        images = _at_frame_rate(container.decode(stream), frames, frame_format)
    if not images:
        raise MediaError(Problem(str(path), "has no picture that decodes", "a video file"))
    order = np.resize(
        np.concatenate([np.arange(len(images)), np.arange(len(images))[::-1]]), frames
    )
    return (images[i].copy() for i in order)


def _at_frame_rate(decoded, frames: int, frame_format: FrameFormat) -> list[np.ndarray]:
    """Up to `frames` pictures at the film's frame rate; decoding ends where the file is damaged."""
    images, begin_s = [], None
    with contextlib.suppress(av.FFmpegError):
        for picture in decoded:
            begin_s = picture.time if begin_s is None else begin_s
            count = int((picture.time - begin_s) * frame_format.frame_rate_hz) + 1
            if count > len(images):
                image = _cropped(
                    picture.to_ndarray(format="bgr24"), frame_format.width, frame_format.height
                )
                images += [image] * (count - len(images))
            if len(images) >= frames:
                break
    return images[:frames]


def _cropped(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale and crop an image so that it fills width x height."""
    scale = max(width / image.shape[1], height / image.shape[0])
    size = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return image[top : top + height, left : left + width]
