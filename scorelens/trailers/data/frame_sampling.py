"""A trailer's frames and sound: a few frames of its middle, and its first seconds to hear.

Frames are counted as they are shown, whatever their times: those of a variable frame rate count one
each, those that an edit list cuts away do not count.
"""

import contextlib
import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import av
import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.encoders.image_encoder import SIDE, square
from scorelens.errors import MediaError, Problem, naming_damage
from scorelens.features.frames import SILENCE_RMS
from scorelens.media.frames import as_shown
from scorelens.tables import TRAILER_SAMPLES

RATE_HZ = 16_000  # of the sound; MusiCNN, VGGish and YAMNet all take it
# A frame is black if its luma is at most so bright on average and varies at most so much, of 255:
# a fade has passed below both; a title on black, or a face in the night, varies more.
BLACK_LUMA, BLACK_SPREAD = 20.0, 8.0
SKIP_HINT = "or set trailers: {on_bad_trailer: skip} to go on without its picture and sound"
WHOLE = 0.75  # of its length, that a trailer's picture lasts at least if no more is said of it
RAW_RATE_HZ = 25  # what FFmpeg takes a stream for that says nothing

log = logging.getLogger(__name__)


class Sampling(NamedTuple):
    """Which part of a trailer counts.

    first_frame: number of the first frame that is looked at, from 0. frames: how many are looked
    at, from there to the last. used: how many of those that are not black are kept. sound_s: length
    of the sound, from the start.
    """

    first_frame: int
    frames: int
    used: int
    sound_s: float


class Sample(NamedTuple):
    """What is kept of a trailer.

    frames: uint8 (n, SIDE, SIDE, 3), RGB, the middle squares of frames, as they are shown.
    frame_number: int64 (n,), from 0. frame_s: float64 (n,), s of the trailer. skipped: how many
    black frames were passed over. sound: float32 (m,), mono, at RATE_HZ, from the start.
    """

    frames: np.ndarray
    frame_number: np.ndarray
    frame_s: np.ndarray
    skipped: int
    sound: np.ndarray


NOTHING = Sample(
    frames=np.zeros((0, SIDE, SIDE, 3), np.uint8),
    frame_number=np.zeros(0, np.int64),
    frame_s=np.zeros(0),
    skipped=0,
    sound=np.zeros(0, np.float32),
)


class _Frame(NamedTuple):
    number: int
    time_s: float
    picture: np.ndarray


def sample_trailers(
    videos: Mapping[str, str | os.PathLike],
    outputs: Sequence[str | os.PathLike],
    table: str | os.PathLike,
    sampling: Sampling,
    on_bad: str = "stop",
    threads: int = 1,
) -> None:
    """Write the sample of each trailer for `read_sample`, and a row about each (TRAILER_SAMPLES).

    videos: trailer_id -> file. outputs: .npz, one a trailer. on_bad: `stop` raises MediaError with
    every file that cannot be used, and writes no table; `skip` keeps nothing of such a file and
    notes why. threads: of the decoder.
    """
    rows, problems = [], []
    jobs = zip(videos.items(), outputs, strict=True)
    for (trailer_id, video), output in tqdm(jobs, total=len(videos), unit="trailer", disable=None):
        try:
            sample, note = sample_trailer(video, sampling, threads)
        except MediaError as error:
            if on_bad == "stop":
                problems += map(_or_skip, error.problems)
                continue
            log.warning("%s is skipped:\n%s", trailer_id, error)
            sample, note = NOTHING, "; ".join(problem.what for problem in error.problems)
        log.info("%s: %d frames, %s", trailer_id, len(sample.frames), note or "with sound")
        with tables.atomic(output) as temporary, open(temporary, "wb") as file:
            np.savez(file, **sample._asdict())
        rows.append(
            {
                "trailer_id": trailer_id,
                "frames": len(sample.frames),
                "skipped": sample.skipped,
                "sound_s": len(sample.sound) / RATE_HZ,
                "note": note or None,
            }
        )
    if problems:
        raise MediaError(problems)
    tables.write_table(pd.DataFrame(rows, columns=TRAILER_SAMPLES.names), table, TRAILER_SAMPLES)


def _or_skip(problem: Problem) -> Problem:
    hint = f"{problem.hint}; {SKIP_HINT}" if problem.hint else SKIP_HINT
    return dataclasses.replace(problem, hint=hint)


def read_sample(path: str | os.PathLike) -> Sample:
    """What `sample_trailers` wrote of a trailer. Raises InputError if the file is damaged."""
    with (
        naming_damage(path, "frames and sound of a trailer"),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        sample = Sample(*(arrays[name] for name in Sample._fields))
    return sample._replace(skipped=int(sample.skipped))


def sample_trailer(
    video: str | os.PathLike, sampling: Sampling, threads: int = 1
) -> tuple[Sample, str]:
    """The frames and the sound of a trailer, and in words what it lacks of them; empty if nothing.

    Raises MediaError if the file has neither moving pictures nor sound, not one frame of its
    pictures decodes, or it is damaged such that FFmpeg gives up.
    """
    info = media.probe(video)
    with _told(video):
        looked_at, end_s = _frames(video, sampling, threads) if info.has_video else ([], None)
        sound = _first_seconds(video, sampling.sound_s) if info.has_audio else NOTHING.sound
    bright = [frame for frame in looked_at if not is_black(frame.picture)]
    used = middle(bright, sampling.used)
    pictures = np.array([frame.picture for frame in used], np.uint8)
    sample = Sample(
        frames=pictures.reshape(-1, SIDE, SIDE, 3),
        frame_number=np.array([frame.number for frame in used], np.int64),
        frame_s=np.array([frame.time_s for frame in used], np.float64),
        skipped=len(looked_at) - len(bright),
        sound=sound,
    )
    return sample, _note(sample, info, end_s)


@contextlib.contextmanager
def _told(video: str | os.PathLike) -> Iterator[None]:
    """Damage in the user's words; the lookup fails if a stream appears midway."""
    try:
        yield
    except (av.FFmpegError, LookupError) as error:
        what = f"cannot be decoded to its end ({error})"
        raise MediaError(
            Problem(str(video), what, "a whole file", "copy the file again")
        ) from error


def frame_numbers(count: int, sampling: Sampling) -> np.ndarray:
    """The numbers of the frames to look at, of `count`: int64, rising, at even intervals.

    A trailer too short for as many frames from `first_frame` on starts earlier, just so much that
    they are there; one that has no more than `frames` is looked at whole.
    """
    first = min(sampling.first_frame, max(0, count - sampling.frames))
    numbers = np.linspace(first, count - 1, sampling.frames) if count else np.zeros(0)
    return np.unique(np.rint(numbers).astype(np.int64))


def is_black(picture: np.ndarray) -> bool:
    """Whether a picture shows nothing: uint8 (height, width, 3), RGB, 0 to 255."""
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return bool(mean[0, 0] <= BLACK_LUMA and deviation[0, 0] <= BLACK_SPREAD)


def middle(items: Sequence, count: int) -> Sequence:
    """The middle `count` of some items, all if there are no more; of an odd rest the last falls."""
    start = max(0, len(items) - count) // 2
    return items[start : start + count]


def _note(sample: Sample, info: media.MediaInfo, end_s: float | None) -> str:
    """What a trailer lacks, in words. end_s: when its last frame is shown."""
    lacks = []
    length_s = max(info.duration_s, info.header_s or 0.0) if info.missing else info.duration_s
    if end_s is not None and end_s < WHOLE * length_s:
        lacks.append(f"picture ends at {end_s:.1f} s of {length_s:.1f} s")
    if not len(sample.frames):
        lacks.append("only black frames" if info.has_video else "no picture")
    if not len(sample.sound):
        lacks.append("no sound")
    elif sample.sound @ sample.sound / len(sample.sound) < SILENCE_RMS**2:
        lacks.append("silent")
    return "; ".join(lacks)


def _first_seconds(video: str | os.PathLike, sound_s: float) -> np.ndarray:
    with contextlib.closing(media.audio_blocks(video, RATE_HZ, sound_s)) as blocks:
        return next(blocks, np.zeros(0, np.float32))


def _frames(
    video: str | os.PathLike, sampling: Sampling, threads: int
) -> tuple[list[_Frame], float]:
    """The frames to look at, black ones too, and when the last of all is shown, in s.

    The film is decoded once, after a count of its packets. Where the frames turn out to be more or
    fewer, since a packet is damaged or is not shown, it is decoded once more.
    """
    promised = _count_packets(video)
    frames, shown = _take(video, frame_numbers(promised, sampling), threads)
    if shown != promised:
        log.info("%s: %d frames in %d packets, decoded once more", video, shown, promised)
        frames, shown = _take(video, frame_numbers(shown, sampling), threads)
    if not shown:
        expected = "moving pictures that FFmpeg decodes"
        hint = "the file may be damaged or protected against copying; play it to check"
        raise MediaError(Problem(str(video), "not one frame can be decoded", expected, hint))
    return frames, frames[-1].time_s


def _count_packets(video: str | os.PathLike) -> int:
    """How many packets of the picture are shown, less those that an edit list cuts away."""
    with media.open_container(video) as container:
        packets = media.demux(container, media.picture_stream(container))
        return sum(packet.size > 0 and not packet.is_discard for packet in packets)


def _take(video: str | os.PathLike, numbers: np.ndarray, threads: int) -> tuple[list[_Frame], int]:
    """The frames of some numbers, and how many frames the film has."""
    wanted, taken, shown = set(numbers.tolist()), [], 0
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        for frame in _decoded(container, stream, threads):
            if shown in wanted:
                time_s = _time_s(frame, shown, stream)
                taken.append(_Frame(shown, time_s, square(as_shown(frame, stream))))
            shown += 1
    return taken, shown


def _decoded(container, stream: av.VideoStream, threads: int) -> Iterator[av.VideoFrame]:
    """The good frames of a film, in the order in which they are shown."""
    if stream.codec_context is None:  # a codec that FFmpeg does not know
        return
    stream.thread_type, stream.thread_count = "AUTO", threads
    for packet in media.demux(container, stream):
        with contextlib.suppress(av.FFmpegError):
            yield from packet.decode()


def _time_s(frame: av.VideoFrame, number: int, stream: av.VideoStream) -> float:
    """When a frame is shown; in AVI, which keeps none, the times of B-frames are often wrong."""
    guessed = stream.container.format.name == "avi" and stream.codec_context.has_b_frames
    if frame.pts is None or guessed:
        return number / float(stream.guessed_rate or RAW_RATE_HZ)
    return max(0.0, float((frame.pts - (stream.start_time or 0)) * stream.time_base))
