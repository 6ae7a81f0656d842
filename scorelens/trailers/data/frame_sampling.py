"""Sample a trailer: a few frames of its middle that are not black, and its first seconds of sound.

Frames are counted in order of presentation, whatever their times: those of a variable frame rate
count one each, those that an edit list cuts away do not count.
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
from scorelens.encoders.image_files import SIDE, centre_square
from scorelens.errors import MediaError, Problem, naming_damage
from scorelens.media.frames import as_shown
from scorelens.media.silence import SILENCE_RMS
from scorelens.tables import TRAILER_SAMPLES

RATE_HZ = 16_000  # of the sound; MusiCNN, VGGish and YAMNet all take it
# A frame is black if the mean and the standard deviation of its luma, of 255, are at most these: a
# fade passes below both; a title on black, or a face in the night, varies more.
BLACK_LUMA, BLACK_SPREAD = 20.0, 8.0
SKIP_HINT = "or set trailers: {on_bad_trailer: skip} to go on without its picture and sound"
MIN_PICTURE_SHARE = 0.75  # of its length; a picture that ends earlier is noted
RAW_RATE_HZ = 25  # FFmpeg's guess for a stream without a frame rate

log = logging.getLogger(__name__)


class Sampling(NamedTuple):
    """Which part of a trailer is used.

    Attributes
    ----------
    first_frame : int
        Number of the first frame that is decoded, from 0.
    frames : int
        How many are decoded, from there to the last.
    used : int
        How many of those that are not black are kept.
    sound_s : float
        Length of the sound from the start, s.
    """

    first_frame: int
    frames: int
    used: int
    sound_s: float


class Sample(NamedTuple):
    """The frames and the sound of a trailer.

    Attributes
    ----------
    frames : ndarray of uint8, shape (n, SIDE, SIDE, 3)
        Centre squares of frames, RGB, in order of presentation.
    frame_number : ndarray of int64, shape (n,)
        From 0.
    frame_s : ndarray of float64, shape (n,)
        When they are shown, s of the trailer.
    skipped : int
        How many black frames were skipped.
    sound : ndarray of float32, shape (m,)
        Mono, at RATE_HZ, from the start.
    length_s : float
        Length of the trailer; NaN if it is not known.
    """

    frames: np.ndarray
    frame_number: np.ndarray
    frame_s: np.ndarray
    skipped: int
    sound: np.ndarray
    length_s: float = np.nan


EMPTY = Sample(
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
    """Write the sample of each trailer for `read_sample`, and a row about each.

    Parameters
    ----------
    videos : mapping of str to path
        trailer_id -> file.
    outputs : sequence of path
        .npz, one a trailer.
    table : path
        Where the rows go (tables.TRAILER_SAMPLES).
    sampling : Sampling
    on_bad : {"stop", "skip"}
        `skip` writes an empty sample of a file that cannot be used, and notes why.
    threads : int
        Threads of the decoder.

    Raises
    ------
    MediaError
        With every file that cannot be used, if `on_bad` is `stop`; no table is written then.
    """
    rows, problems = [], []
    jobs = zip(videos.items(), outputs, strict=True)
    for (trailer_id, video), output in tqdm(jobs, total=len(videos), unit="trailer", disable=None):
        try:
            sample, note = sample_trailer(video, sampling, threads)
        except MediaError as error:
            if on_bad == "stop":
                problems += map(_with_skip_hint, error.problems)
                continue
            log.warning("%s is skipped:\n%s", trailer_id, error)
            sample, note = EMPTY, "; ".join(problem.what for problem in error.problems)
        log.info("%s: %d frames, %s", trailer_id, len(sample.frames), note or "with sound")
        with tables.atomic(output) as temporary, open(temporary, "wb") as file:
            np.savez(file, **sample._asdict())
        rows.append({"trailer_id": trailer_id, **_description(sample), "note": note or None})
    if problems:
        raise MediaError(problems)
    tables.write_table(pd.DataFrame(rows, columns=TRAILER_SAMPLES.names), table, TRAILER_SAMPLES)


def _description(sample: Sample) -> dict[str, float | None]:
    """The columns of TRAILER_SAMPLES that follow from a sample."""
    level = np.sqrt(np.mean(np.square(sample.sound, dtype=np.float64))) if len(sample.sound) else 0
    return {
        "frames": len(sample.frames),
        "skipped": sample.skipped,
        "sound_s": len(sample.sound) / RATE_HZ,
        "length_s": sample.length_s,
        "loudness_db": 20 * np.log10(level) if level >= SILENCE_RMS else None,
    }


def _with_skip_hint(problem: Problem) -> Problem:
    hint = f"{problem.hint}; {SKIP_HINT}" if problem.hint else SKIP_HINT
    return dataclasses.replace(problem, hint=hint)


def read_sample(path: str | os.PathLike) -> Sample:
    """Read what `sample_trailers` wrote of a trailer.

    Parameters
    ----------
    path : path

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with (
        naming_damage(path, "frames and sound of a trailer"),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        sample = Sample(*(arrays[name] for name in Sample._fields))
    return sample._replace(skipped=int(sample.skipped), length_s=float(sample.length_s))


def sample_trailer(
    video: str | os.PathLike, sampling: Sampling, threads: int = 1
) -> tuple[Sample, str]:
    """Sample one trailer.

    Parameters
    ----------
    video : path
    sampling : Sampling
    threads : int
        Threads of the decoder.

    Returns
    -------
    sample : Sample
    note : str
        What the trailer lacks, in words; empty if nothing.

    Raises
    ------
    MediaError
        If the file has neither moving pictures nor sound, none of its frames decodes, or it is
        damaged such that FFmpeg gives up.
    """
    info = media.probe(video)
    with _naming_damage(video):
        decoded, end_s = _decode_sampled(video, sampling, threads) if info.has_video else ([], None)
        sound = _first_seconds(video, sampling.sound_s) if info.has_audio else EMPTY.sound
    bright = [frame for frame in decoded if not is_black(frame.picture)]
    used = middle_items(bright, sampling.used)
    pictures = np.array([frame.picture for frame in used], np.uint8)
    sample = Sample(
        frames=pictures.reshape(-1, SIDE, SIDE, 3),
        frame_number=np.array([frame.number for frame in used], np.int64),
        frame_s=np.array([frame.time_s for frame in used], np.float64),
        skipped=len(decoded) - len(bright),
        sound=sound,
        length_s=info.duration_s,
    )
    return sample, _note(sample, info, end_s)


@contextlib.contextmanager
def _naming_damage(video: str | os.PathLike) -> Iterator[None]:
    """Turn errors of FFmpeg into MediaError; a lookup fails if a stream appears midway."""
    try:
        yield
    except (av.FFmpegError, LookupError) as error:
        what = f"cannot be decoded to its end ({error})"
        raise MediaError(
            Problem(str(video), what, "a whole file", "copy the file again")
        ) from error


def frame_numbers(count: int, sampling: Sampling) -> np.ndarray:
    """Choose the numbers of the frames to decode, at even intervals.

    A trailer with fewer frames than asked for after `first_frame` starts earlier, just so much that
    there are enough; of one with no more than `frames` in all, all are decoded.

    Parameters
    ----------
    count : int
        Frames of the trailer.
    sampling : Sampling

    Returns
    -------
    ndarray of int64, shape (n,)
        Ascending.

    Examples
    --------
    >>> frame_numbers(100, Sampling(first_frame=40, frames=4, used=2, sound_s=30)).tolist()
    [40, 60, 79, 99]
    """
    first = min(sampling.first_frame, max(0, count - sampling.frames))
    numbers = np.linspace(first, count - 1, sampling.frames) if count else np.zeros(0)
    return np.unique(np.rint(numbers).astype(np.int64))


def is_black(picture: np.ndarray) -> bool:
    """Tell whether a picture is black.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        RGB, 0 to 255.

    Returns
    -------
    bool
    """
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return bool(mean[0, 0] <= BLACK_LUMA and deviation[0, 0] <= BLACK_SPREAD)


def middle_items(items: Sequence, count: int) -> Sequence:
    """Take the middle `count` of some items, all if there are no more.

    Parameters
    ----------
    items : sequence
    count : int

    Returns
    -------
    sequence

    Examples
    --------
    >>> middle_items([1, 2, 3, 4, 5], 2)
    [2, 3]
    """
    start = max(0, len(items) - count) // 2
    return items[start : start + count]


def _note(sample: Sample, info: media.MediaInfo, end_s: float | None) -> str:
    """What a trailer lacks, in words. end_s: when its last frame is shown."""
    lacks = []
    length_s = max(info.duration_s, info.header_s or 0.0) if info.missing else info.duration_s
    if end_s is not None and end_s < MIN_PICTURE_SHARE * length_s:
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


def _decode_sampled(
    video: str | os.PathLike, sampling: Sampling, threads: int
) -> tuple[list[_Frame], float]:
    """The sampled frames, black ones too, and when the last of all is shown, in s.

    The film is decoded once, after a count of its packets. Where there turn out to be more or fewer
    frames, since a packet is damaged or is not shown, it is decoded once more.
    """
    packets = _count_packets(video)
    frames, shown = _decode_frames(video, frame_numbers(packets, sampling), threads)
    if shown != packets:
        log.info("%s: %d frames in %d packets, decoded once more", video, shown, packets)
        frames, shown = _decode_frames(video, frame_numbers(shown, sampling), threads)
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


def _decode_frames(
    video: str | os.PathLike, numbers: np.ndarray, threads: int
) -> tuple[list[_Frame], int]:
    """The frames of some numbers, and how many frames the film has."""
    wanted, taken, shown = set(numbers.tolist()), [], 0
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        for frame in _good_frames(container, stream, threads):
            if shown in wanted:
                time_s = _time_s(frame, shown, stream)
                taken.append(_Frame(shown, time_s, centre_square(as_shown(frame, stream))))
            shown += 1
    return taken, shown


def _good_frames(container, stream: av.VideoStream, threads: int) -> Iterator[av.VideoFrame]:
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
