"""Decode the sound of media files once, as blocks at any sample rate.

Times count from the first picture of the film; a file without moving pictures starts at its first
sample. Samples are float32 in -1..1. Mono is the mean of all channels, computed here and not by
FFmpeg's resampler, whose float down-mix of stereo is louder by the square root of two.
"""

import contextlib
import itertools
import logging
import math
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import av
import numpy as np
import soxr

from scorelens.errors import MediaError, Problem
from scorelens.media.channels import MEAN, SIDES, Mix, mix, separate
from scorelens.media.clock import read_clock
from scorelens.media.demuxing import demux
from scorelens.media.files import open_container, unchanged
from scorelens.media.probe import open_soundfile
from scorelens.media.streams import picture_stream, sound_stream

GAP_S = 0.05  # a longer gap between time stamps is filled with silence
OVERLAP_S = 0.03  # a longer overlap, more than a frame of the codecs in use, is dropped
PIECE_SAMPLES = 1 << 15
MAX_PLANES = 7  # PyAV crashes on planar frames with more channels, so those are interleaved
# Formats, and codecs in them, in which FFmpeg seeks to the exact sample.
SEEKABLE = ("flac", "wav", "aiff", "wv", "tta", "caf", "w64", "mov,mp4,m4a,3gp,3g2,mj2")
SEEKABLE_CODECS = ("pcm_", "flac", "alac", "aac", "mp3", "opus", "wavpack", "tta")  # or prefixes
PREROLL_S = 1.0  # decoded before the start of a part, for codecs that overlap their frames

log = logging.getLogger(__name__)


class Sound(NamedTuple):
    """A part of the sound of a file.

    Parameters
    ----------
    path : path
        The file.
    start_s, end_s : float
        Start and end of the part, s of the file; None for the end of the file. Times of the part
        count from its start.
    stream : str
        Number or language of the sound, empty for the default one.
    """

    path: str | os.PathLike
    start_s: float = 0.0
    end_s: float | None = None
    stream: str = ""


class _Piece(NamedTuple):
    """Samples, float32 (n,), or (n, 2) with what is beside the centre, at a rate in Hz."""

    rate_hz: int
    samples: np.ndarray


def audio_blocks(
    source: Sound | str | os.PathLike,
    rate_hz: float,
    block_s: float = 30.0,
    with_sides: bool = False,
) -> Iterator[np.ndarray]:
    """Decode a sound once, as blocks, in bounded memory.

    Parameters
    ----------
    source : Sound or path
        A sound, or the path of a file to read whole.
    rate_hz : float
        Sample rate of the result, Hz.
    block_s : float
        Length of a block, s.
    with_sides : bool
        Whether the sound beside the centre is returned too. It is half the difference of the first
        two channels, or where there is a centre channel, the mean of the others without the bass
        effects (LFE); 0 for one channel.

    Yields
    ------
    numpy.ndarray
        float32, shape (block_s * rate_hz,), mono, or (block_s * rate_hz, 2) with the sound beside
        the centre; the last one is shorter. Block k starts at k * block_s seconds of the sound.
        Samples that are not finite are 0.

    Raises
    ------
    MediaError
        If there is no such sound, it does not decode, or the file changes while it is read.
    """
    yield from _blocks(_sound(source), rate_hz, block_s, SIDES if with_sides else MEAN)


def channel_blocks(
    source: Sound | str | os.PathLike, rate_hz: float, block_s: float = 30.0
) -> Iterator[np.ndarray]:
    """Decode a sound once, its channels apart, as blocks, in bounded memory.

    Parameters
    ----------
    source, rate_hz, block_s
        As `audio_blocks` takes them.

    Yields
    ------
    numpy.ndarray
        float32, shape (block_s * rate_hz, channels), without bass effects (LFE); the last block is
        shorter. Where the layout changes, surplus channels are added to the last one.

    Raises
    ------
    MediaError
        If there is no such sound, it does not decode, or the file changes while it is read.
    """
    sound = _sound(source)
    yield from _blocks(sound, rate_hz, block_s, separate(_channels(sound)))


def _channels(sound: Sound) -> list[str]:
    """Names of the channels of a sound."""
    try:
        container = open_container(sound.path)
    except MediaError as error:
        with open_soundfile(sound.path, error) as file:
            return [""] * file.channels
    with container:
        audio = sound_stream(container, sound.stream)
        return [channel.name for channel in audio.layout.channels] if audio else []


def _blocks(sound: Sound, rate_hz: float, block_s: float, mixed: Mix) -> Iterator[np.ndarray]:
    size = round(block_s * rate_hz)
    pending, length = [], 0
    for piece in _resampled(sound, rate_hz, mixed):
        pending.append(piece)
        length += len(piece)
        if length < size:
            continue
        joined = np.concatenate(pending)
        whole = length // size * size
        yield from joined[:whole].reshape(-1, size, *joined.shape[1:])
        pending, length = [joined[whole:]], length - whole
    if length:
        yield np.concatenate(pending)


def read_audio(source: Sound | str | os.PathLike, rate_hz: int) -> np.ndarray:
    """Decode a whole sound.

    Parameters
    ----------
    source : Sound or path
        A sound, or the path of a file to read whole.
    rate_hz : int
        Sample rate of the result, Hz.

    Returns
    -------
    numpy.ndarray
        Mono, float32, shape (n,).

    Raises
    ------
    MediaError
        If there is no such sound, it does not decode, or the file changes while it is read.
    """
    pieces = list(_resampled(_sound(source), rate_hz))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def count_broken_samples(source: Sound | str | os.PathLike) -> int:
    """Count the samples of a sound that are not finite, after the mean of the channels.

    Parameters
    ----------
    source : Sound or path
        A sound, or the path of a file to read whole. It is decoded only if it is coded as
        floating-point numbers, which is fast; other codecs hold none.

    Returns
    -------
    int

    Raises
    ------
    MediaError
        If there is no such sound, it does not decode, or the file changes while it is read.
    """
    sound = _sound(source)
    with open_container(sound.path) as container:
        audio = sound_stream(container, sound.stream)
        if audio is None or not audio.codec_context.name.startswith("pcm_f"):
            return 0
    return sum(int((~np.isfinite(piece.samples)).sum()) for piece in _pieces(sound, MEAN))


def _sound(source: Sound | str | os.PathLike) -> Sound:
    return source if isinstance(source, Sound) else Sound(source)


def _resampled(sound: Sound, rate_hz: float, mixed: Mix = MEAN) -> Iterator[np.ndarray]:
    """Pieces of sound at one rate, cut to the length of the sound."""
    remaining = np.inf if sound.end_s is None else round((sound.end_s - sound.start_s) * rate_hz)
    for samples in _at_rate(_finite(sound.path, _pieces(sound, mixed)), rate_hz):
        yield samples[: int(min(remaining, len(samples)))]
        remaining -= len(samples)
        if remaining <= 0:
            return


def _at_rate(pieces: Iterator[_Piece], rate_hz: float) -> Iterator[np.ndarray]:
    for source_hz, group in itertools.groupby(pieces, key=lambda piece: piece.rate_hz):
        if source_hz == rate_hz:
            yield from (piece.samples for piece in group)
            continue
        first = next(group)
        shape = first.samples.shape[1:]
        channels = math.prod(shape)
        resampler = soxr.ResampleStream(source_hz, rate_hz, channels, dtype="float32", quality="HQ")
        for piece in itertools.chain([first], group):
            yield resampler.resample_chunk(piece.samples)
        yield resampler.resample_chunk(np.zeros((0, *shape), np.float32), last=True)


def _finite(path, pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """The pieces, with 0 for samples that are not finite, which a file of floats may hold."""
    count = 0
    for piece in pieces:
        with np.errstate(invalid="ignore", over="ignore"):
            total = piece.samples.sum()
        if not np.isfinite(total):
            count += int((~np.isfinite(piece.samples)).sum())
            piece = piece._replace(samples=np.nan_to_num(piece.samples, posinf=0.0, neginf=0.0))
        yield piece
    if count:
        log.warning("%s: %d samples are not finite; they count as silence", path, count)


def _pieces(sound: Sound, mixed: Mix) -> Iterator[_Piece]:
    try:
        container = open_container(sound.path)
    except MediaError as error:
        yield from _soundfile_pieces(sound, error, mixed)
        return
    with container, unchanged(sound.path):
        audio = sound_stream(container, sound.stream)
        if audio is None:
            raise MediaError(Problem(str(sound.path), "has no sound", "an audio stream in it"))
        origin_s = _seek(sound, container, audio)
        if origin_s is not None:
            yield from _decoded_pieces(sound.path, container, audio, origin_s, mixed)
            return
        picture = picture_stream(container)
        if picture is not None:
            origin_s = float((picture.start_time or 0) * picture.time_base)
        pieces = _decoded_pieces(sound.path, container, audio, origin_s, mixed)
        yield from _without_first(sound.start_s, pieces)


def _without_first(seconds: float, pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    for piece in pieces:
        yield piece._replace(samples=piece.samples[round(max(0.0, seconds) * piece.rate_hz) :])
        seconds -= len(piece.samples) / piece.rate_hz


def _decoded_pieces(path, container, audio, origin_s: float | None, mixed: Mix):
    """Pieces of about `PIECE_SAMPLES`; single frames of a decoder are too short."""
    # Samples are placed by their time stamps: gaps are filled with silence, overlaps are dropped.
    # origin_s: time stamp at which the sound starts; None for that of its first frame.
    fifo, kind, rate_hz, mix_of = av.AudioFifo(), None, audio.sample_rate, None
    since_s, written = 0.0, 0  # the position in the sound is since_s + written / rate_hz
    for frame in _frames(container, audio):
        time_s = frame.time
        if origin_s is None and time_s is not None:
            origin_s = time_s + _surplus(path, audio) / rate_hz
        if kind != _kind(frame):
            if kind:
                yield _Piece(rate_hz, mix_of(fifo.read()))
            fifo, kind, mix_of = av.AudioFifo(), _kind(frame), _mixer(frame, mixed)
            since_s, written, rate_hz = since_s + written / rate_hz, 0, frame.sample_rate
        gap = 0
        if time_s is not None:
            gap = round((time_s - origin_s - since_s) * rate_hz) - written
        started = bool(written or since_s)
        if gap < (-OVERLAP_S * rate_hz if started else 0):
            yield _Piece(rate_hz, mix_of(fifo.read()))
            rest = mix_of(frame)[-gap:]
            written += len(rest)
            yield _Piece(rate_hz, rest)
            continue
        late = gap > (GAP_S * rate_hz if started else 0)
        if late or fifo.samples >= PIECE_SAMPLES:
            yield _Piece(rate_hz, mix_of(fifo.read()))
        if late:
            yield from (_Piece(rate_hz, silence) for silence in _silence(gap, mixed.shape))
            written += gap
        frame.pts = None  # the gaps are filled
        fifo.write(frame)
        written += frame.samples
    if kind:
        yield _Piece(rate_hz, mix_of(fifo.read()))


def _seek(sound: Sound, container, audio) -> float | None:
    """Seek to the start of a part and return its time stamp, s."""
    # None if the file must be decoded from its start: where a seek does not find the exact sample,
    # or time starts with a picture.
    is_exact = container.format.name in SEEKABLE and (
        audio.codec_context.name.startswith(SEEKABLE_CODECS)
    )
    if sound.start_s <= PREROLL_S or not is_exact:
        return None
    if picture_stream(container) is not None or not read_clock(sound.path).is_plain:
        return None
    start_s = float((audio.start_time or 0) * audio.time_base)
    before_s = start_s + sound.start_s - PREROLL_S
    try:
        container.seek(round(before_s / audio.time_base), stream=audio)
    except av.FFmpegError:
        return None
    return start_s + sound.start_s


def _frames(container, stream) -> Iterator[av.AudioFrame]:
    """Decoded frames; damaged packets inside a file are skipped, as in a player."""
    # So are empty ones, which Ogg files may end with, except the last one without a time: it
    # flushes the decoder.
    for packet in demux(container, stream):
        if packet.size == 0 and packet.pts is not None:
            continue
        with contextlib.suppress(av.FFmpegError):
            yield from packet.decode()


def _mixer(like: av.AudioFrame, mixed: Mix) -> Callable[[av.AudioFrame | None], np.ndarray]:
    """Function that returns the mix of the channels of a frame; no samples for None."""
    channels = like.layout.nb_channels
    weights = mixed.weights_of([channel.name for channel in like.layout.channels])
    is_planar = channels <= MAX_PLANES
    converter = av.AudioResampler(format="fltp" if is_planar else "flt")

    def mix_of(frame: av.AudioFrame | None) -> np.ndarray:
        if frame is None:
            return np.zeros((0, *mixed.shape), np.float32)
        samples = np.concatenate([f.to_ndarray() for f in converter.resample(frame)], axis=1)
        return mix(samples if is_planar else samples.reshape(-1, channels).T, weights)

    return mix_of


def _kind(frame: av.AudioFrame) -> tuple[str, int, int]:
    return frame.format.name, frame.layout.nb_channels, frame.sample_rate


def _silence(samples: int, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    for start in range(0, samples, PIECE_SAMPLES):
        yield np.zeros((min(PIECE_SAMPLES, samples - start), *shape), np.float32)


def _surplus(path, audio) -> int:
    """Samples that FFmpeg decodes before the first valid one of an Ogg Vorbis file."""
    # A file cut out of a longer one has more in its first page than the page's granule position
    # says (Vorbis I, appendix A.2); libvorbis drops them, FFmpeg does not.
    if audio.codec_context.name != "vorbis" or audio.container.format.name != "ogg":
        return 0
    position, packets = _first_page(path)
    with open_container(path) as container:
        frames = itertools.islice(container.decode(sound_stream(container)), packets - 1)
        return max(0, sum(frame.samples for frame in frames) - position)


def _first_page(path) -> tuple[int, int]:
    """Granule position of the first page of sound in an Ogg file, and packets that end in it."""
    # The pages before it hold the codec's headers. Layout of a page: RFC 3533, section 6.
    with open(path, "rb") as file:
        while len(head := file.read(27)) == 27:
            lacing = file.read(head[26])
            position = int.from_bytes(head[6:14], "little", signed=True)
            if position > 0:
                return position, sum(size < 255 for size in lacing)
            file.seek(sum(lacing), os.SEEK_CUR)
    return 0, 0


def _soundfile_pieces(sound: Sound, refused: MediaError, mixed: Mix) -> Iterator[_Piece]:
    """Pieces of a file that FFmpeg cannot read and libsndfile can."""
    with open_soundfile(sound.path, refused) as file, unchanged(sound.path):
        weights = mixed.weights_of([""] * file.channels)
        file.seek(min(round(sound.start_s * file.samplerate), file.frames))
        for block in file.blocks(blocksize=1 << 18, dtype="float32", always_2d=True):
            yield _Piece(file.samplerate, mix(block.T, weights))
