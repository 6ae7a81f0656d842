"""Moving pictures for assembled films: painted shots, stills under a moving camera, clips.

A maker of shots is a function (scene, frames, rng) -> iterator over that many frames, uint8 BGR of
shape (height, width, 3), cuts included.
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
LEAST_SIDE = 64  # icons and buttons are no pictures
SCOPE = 2.39  # width to height of the picture in a letterboxed film
_LUMA_BGR = np.array([0.0722, 0.7152, 0.2126], np.float32)  # BT.709
_ROOM = 1.25  # a backdrop is larger than the frame, so that the camera can move over it

Shots = Callable[[Scene, int, np.random.Generator], Iterator[np.ndarray]]


@dataclass(frozen=True)
class Format:
    """Size of a frame in pixels, both even, and frames a second."""

    width: int
    height: int
    frame_rate_hz: int


def painted(genres_of: Callable[[Scene], tuple[str, ...]], look: Format) -> Shots:
    """Shots painted by the picture recipes; `genres_of` names the genres a scene may draw."""

    def shots(scene: Scene, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        genres = genres_of(scene)
        recipe = draw_picture(genres[rng.integers(len(genres))], rng)
        for length in _cut(frames, 60 / recipe.cuts * look.frame_rate_hz, rng):
            yield from _painted_shot(recipe, length, look, rng)

    return shots


def paint_still(recipe: PictureRecipe, look: Format, rng: np.random.Generator) -> np.ndarray:
    """One picture as a recipe has it: uint8 BGR (height, width, 3)."""
    return next(_painted_shot(recipe, 1, look, rng))


def any_genre(_: Scene) -> tuple[str, ...]:
    """Every genre, for films that bring no pictures of their own."""
    return tuple(PICTURE)


def from_folder(folder: str | os.PathLike, look: Format) -> Shots:
    """Shots from the images and videos below a folder: stills get a slow pan or zoom.

    Files that cannot be read, or are smaller than LEAST_SIDE, are passed over with a warning.
    Raises InputError if the folder does not exist or holds neither images nor videos.
    """
    if not os.path.isdir(folder):
        raise InputError(Problem(str(folder), "is not a folder", "a folder of images or videos"))
    stills, clips = _files(folder, IMAGE_ENDINGS), _files(folder, VIDEO_ENDINGS)
    if not stills and not clips:
        raise _no_pictures(folder)

    def shots(scene: Scene, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        for length in _cut(frames, 5.0 * look.frame_rate_hz, rng):
            shot = _filmed_shot(stills, clips, length, look, rng)
            if shot is None:
                raise _no_pictures(folder)
            yield from shot

    return shots


def letterboxed(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Black bars above and below, so that the picture left between them is SCOPE wide."""
    for frame in frames:
        height, width = frame.shape[:2]
        bar = max(0, round((height - width / SCOPE) / 2))
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


def _painted_shot(recipe: PictureRecipe, frames: int, look: Format, rng) -> Iterator[np.ndarray]:
    backdrop = _painted_backdrop(recipe, look, rng)
    shot = _camera(backdrop, frames, recipe.motion, look, rng)
    return _with_shapes(shot, recipe, look, rng)


def _painted_backdrop(recipe: PictureRecipe, look: Format, rng) -> np.ndarray:
    """Soft clouds over a slope of light; before clipping, luma is as bright as the recipe says."""
    width, height = round(look.width * _ROOM), round(look.height * _ROOM)
    luma = np.linspace(rng.uniform(-2, 2), 0, height, dtype=np.float32)[:, None] * np.ones(width)
    for cells in (3, 7, 17):
        grid = rng.standard_normal((cells, round(cells * 16 / 9)), np.float32) * 2.5 / cells**0.7
        luma = luma + cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    luma = recipe.luma + recipe.contrast * (luma - luma.mean()) / luma.std()
    tint = cv2.resize(rng.normal(recipe.hue, 25, (3, 4)).astype(np.float32), (width, height))
    return _coloured(np.clip(luma, 0.01, 1).astype(np.float32), tint, recipe.saturation)


def _coloured(luma: np.ndarray, hue: np.ndarray, saturation: float) -> np.ndarray:
    """BGR frame whose luma is `luma` (0..1) wherever the colour has room; hue in degrees."""
    hsv = np.stack([hue % 360, np.full_like(luma, saturation), np.ones_like(luma)], axis=-1)
    bgr = cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2BGR)
    bgr *= (luma / (bgr @ _LUMA_BGR))[..., None]
    return (np.clip(bgr, 0, 1) * 255 + 0.5).astype(np.uint8)


def _with_shapes(shot, recipe: PictureRecipe, look: Format, rng) -> Iterator[np.ndarray]:
    """Ellipses that cross the frame, lighter or darker than the backdrop."""
    count = int(rng.integers(2, 6))
    size = np.array([look.width, look.height])
    start = rng.random((count, 2)) * size
    angle = rng.uniform(0, 2 * np.pi, count)
    speed = recipe.motion * look.width / look.frame_rate_hz * rng.uniform(0.5, 2, count)
    step = (speed * [np.cos(angle), 0.4 * np.sin(angle)]).T
    axes = rng.uniform(0.06, 0.24, (count, 2)) * look.height * [1, 1.6]
    luma = np.clip(recipe.luma + recipe.contrast * rng.choice([-1.3, 1.3], count), 0.02, 0.95)
    hue = recipe.hue + rng.normal(0, 40, count)
    shades = _coloured(luma[None].astype(np.float32), hue[None], recipe.saturation)[0].tolist()
    for number, frame in enumerate(shot):
        places = (start + number * step) % size
        for place, axis, shade in zip(places.tolist(), axes.tolist(), shades, strict=True):
            cv2.ellipse(frame, (place, axis, 0), shade, cv2.FILLED, cv2.LINE_AA)
        yield frame


def _camera(
    still: np.ndarray, frames: int, speed: float, look: Format, rng
) -> Iterator[np.ndarray]:
    """Pan and zoom over a still at least _ROOM times the frame; speed in frame widths a second."""
    room = np.array([still.shape[1] - look.width, still.shape[0] - look.height])
    travel = min(1.0, speed * look.width * frames / look.frame_rate_hz / max(1, room[0]))
    start = rng.random(2) * (1 - travel)
    zoom = rng.uniform(0.95, 1.05)
    if rng.random() < 0.5:
        still = cv2.flip(still, 1)
    for part in np.linspace(0, 1, frames):
        scale = 1 / (1 + (zoom - 1) * part)
        corner = (start + travel * part) * room
        # warpAffine reads the map as frame -> still
        move = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
        yield cv2.warpAffine(
            still, move, (look.width, look.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip


def _files(folder, endings: frozenset[str]) -> list[Path]:
    return sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in endings)


def _no_pictures(folder) -> InputError:
    endings = " ".join(sorted(IMAGE_ENDINGS | VIDEO_ENDINGS))
    return InputError(
        Problem(str(folder), "holds no picture that can be read", f"files ending in {endings}")
    )


def _filmed_shot(stills, clips, frames: int, look: Format, rng) -> Iterator[np.ndarray] | None:
    """A still or a clip, at even odds if there are both; a file that fails leaves its list."""
    while stills or clips:
        paths = stills if not clips or (stills and rng.random() < 0.5) else clips
        path = paths[rng.integers(len(paths))]
        try:
            if paths is clips:
                return _read_clip(path, frames, look, rng)
            return _camera(_read_still(path, look), frames, rng.uniform(0.01, 0.04), look, rng)
        except MediaError as error:
            log.warning("passed over: %s", error)
            paths.remove(path)
    return None


def _read_still(path: Path, look: Format) -> np.ndarray:
    image = cv2.imread(os.fspath(path), cv2.IMREAD_COLOR)
    if image is None or min(image.shape[:2]) < LEAST_SIDE:
        expected = f"an image of at least {LEAST_SIDE} pixels a side"
        raise MediaError(Problem(str(path), "is no image of use", expected))
    return _filling(image, round(look.width * _ROOM), round(look.height * _ROOM))


def _read_clip(path: Path, frames: int, look: Format, rng) -> Iterator[np.ndarray]:
    """Frames in a row from a random place; a clip that is too short is played to and fro."""
    with media.open_container(path) as container:
        stream = media.picture_stream(container)
        if stream is None:
            raise MediaError(Problem(str(path), "has no moving pictures", "a video file"))
        room_s = (container.duration or 0) / 1e6 - frames / look.frame_rate_hz
        if room_s > 0:
            container.seek(int((container.start_time or 0) + rng.uniform(0, room_s) * 1e6))
        taken = _at_frame_rate(container.decode(stream), frames, look)
    if not taken:
        raise MediaError(Problem(str(path), "has no picture that decodes", "a video file"))
    order = np.resize(np.concatenate([np.arange(len(taken)), np.arange(len(taken))[::-1]]), frames)
    return (taken[i].copy() for i in order)


def _at_frame_rate(decoded, frames: int, look: Format) -> list[np.ndarray]:
    """Up to `frames` pictures at the film's frame rate; decoding ends where the file is damaged."""
    taken, begin_s = [], None
    with contextlib.suppress(av.FFmpegError):
        for picture in decoded:
            begin_s = picture.time if begin_s is None else begin_s
            due = int((picture.time - begin_s) * look.frame_rate_hz) + 1
            if due > len(taken):
                image = _filling(picture.to_ndarray(format="bgr24"), look.width, look.height)
                taken += [image] * (due - len(taken))
            if len(taken) >= frames:
                break
    return taken[:frames]


def _filling(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale and crop an image so that it fills width x height."""
    scale = max(width / image.shape[1], height / image.shape[0])
    size = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return image[top : top + height, left : left + width]
