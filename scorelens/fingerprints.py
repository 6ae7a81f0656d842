"""Landmarks of sound, and the index of an album by which a film's music is recognised.

A landmark is a peak of the spectrogram; two landmarks close in time and frequency make a hash that
survives noise, coding and level (Wang, An industrial-strength audio search algorithm, ISMIR 2003).
The index keeps the landmarks alone. Their hashes are some twelve times as many, follow from them
within a second, and are made when the index is read.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter
from tqdm import tqdm

from scorelens import media, tables
from scorelens.errors import InputError, Problem

FLOOR_DB = -80.0  # re a full-scale sine; what is softer, no listener hears
LOWEST_BIN = 3  # below it the window leaks the mean of the signal
SPAN_FRAMES = 63  # a hash holds 6 bits of time, 7 of interval and 11 of frequency
SPAN_BINS = 31
NEAREST_FRAMES = 2  # a peak may repeat itself in the next frame
PAIRING_BLOCK = 4096  # anchors paired at once, to bound the memory

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How sound becomes landmarks; film and album must agree, so the index carries them.

    sample_rate_hz: rate of analysis. window_samples, hop_samples: of the spectrogram.
    spacing_s, spacing_hz: a landmark is the loudest point within so much on either side.
    """

    sample_rate_hz: int = 11025
    window_samples: int = 2048
    hop_samples: int = 256
    spacing_s: float = 0.163
    spacing_hz: float = 48.5

    @property
    def hop_s(self) -> float:
        return self.hop_samples / self.sample_rate_hz

    @property
    def window_s(self) -> float:
        return self.window_samples / self.sample_rate_hz

    @property
    def reach(self) -> tuple[int, int]:
        """The spacing in whole frames and bins."""
        bin_hz = self.sample_rate_hz / self.window_samples
        return max(1, round(self.spacing_s / self.hop_s)), max(1, round(self.spacing_hz / bin_hz))


@dataclass(frozen=True)
class Landmarks:
    """Peaks in order of time. frames: int32 (n,), in hops. bins: uint16 (n,), of the spectrum."""

    frames: np.ndarray
    bins: np.ndarray


@dataclass(frozen=True)
class Index:
    """The hashes of an album, sorted by value.

    hashes: uint32 (n,). tracks: uint16 (n,), places in `track_ids`. frames: int32 (n,), where in
    the track. durations_s: float64, one a track.
    """

    track_ids: tuple[str, ...]
    durations_s: np.ndarray
    settings: Settings
    hashes: np.ndarray
    tracks: np.ndarray
    frames: np.ndarray


def find_landmarks(blocks: Iterable[np.ndarray], settings: Settings) -> Landmarks:
    """The landmarks of a sound that comes in blocks; silence has none.

    blocks: float32 arrays, mono, at `settings.sample_rate_hz`, one after the other without a gap.
    The result does not depend on where the blocks meet. Memory is bounded by the block's length.
    """
    parts = list(_peaks(blocks, settings))
    frames = np.concatenate([np.zeros(0, np.int32), *(frames for frames, _ in parts)])
    bins = np.concatenate([np.zeros(0, np.uint16), *(bins for _, bins in parts)])
    return Landmarks(frames.astype(np.int32), bins.astype(np.uint16))


def pair_landmarks(landmarks: Landmarks) -> tuple[np.ndarray, np.ndarray]:
    """Hash all pairs of landmarks, one in the target zone of the other (Wang, section 2.2).

    Returns the hashes, uint32 (n,), and the frames of their earlier landmarks, int32 (n,), in order
    of time. The zone is 2 to 63 frames ahead, 31 bins up and down. Every pair in it counts: a fixed
    number of partners would change with each landmark that speech adds.
    """
    starts = range(0, len(landmarks.frames), PAIRING_BLOCK)
    parts = [_pair(landmarks, start, start + PAIRING_BLOCK) for start in starts]
    hashes = np.concatenate([np.zeros(0, np.uint32), *(hashes for hashes, _ in parts)])
    anchors = np.concatenate([np.zeros(0, np.int32), *(anchors for _, anchors in parts)])
    return hashes, anchors


def hash_span(hashes: np.ndarray) -> np.ndarray:
    """Frames from the earlier to the later landmark of each hash, int32."""
    return (hashes & 63).astype(np.int32)


def index_album(
    film_id: str, table: str | os.PathLike, path: str | os.PathLike, settings: Mapping[str, float]
) -> None:
    """Write the landmarks of every track of a film's album to a compressed .npz.

    table: the film's track table (`tables.TRACKS`). settings: the fields of `Settings`.
    Raises MediaError for a track that does not decode, InputError for an impossible setting.
    """
    chosen = check_settings(settings)
    tracks = tables.read_table(table, tables.TRACKS)
    found = []
    for track_id, source in tqdm(
        zip(tracks.track_id, tracks.path, strict=True), film_id, len(tracks), disable=None
    ):
        blocks = media.audio_blocks(source, chosen.sample_rate_hz)
        found.append(find_landmarks(blocks, chosen))
        if not len(found[-1].frames):
            log.warning("%s: track %s is silent; it cannot be found in the film", film_id, track_id)
    write_index(path, tuple(tracks.track_id), tracks.duration_s.to_numpy(), found, chosen)
    total = sum(len(landmarks.frames) for landmarks in found)
    log.info("%s: %d landmarks in %d tracks", film_id, total, len(tracks))


def write_index(
    path: str | os.PathLike,
    track_ids: tuple[str, ...],
    durations_s: np.ndarray,
    landmarks: list[Landmarks],
    settings: Settings,
) -> None:
    """Write an album's landmarks, one entry a track in every list, as a compressed .npz."""
    # Steps in time are small numbers and pack better than the times.
    steps = [np.diff(found.frames, prepend=np.int32(0)) for found in landmarks]
    with tables.atomic(path) as temporary:
        np.savez_compressed(
            temporary,
            track_ids=np.array(track_ids),
            durations_s=np.asarray(durations_s, np.float64),
            counts=np.array([len(found.frames) for found in landmarks], np.int64),
            steps=np.concatenate([np.zeros(0, np.int32), *steps]),
            bins=np.concatenate([np.zeros(0, np.uint16), *(found.bins for found in landmarks)]),
            **asdict(settings),
        )


def read_index(path: str | os.PathLike) -> Index:
    """Read an album's landmarks and hash them. Nothing in the file is executed (no pickle)."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    cuts = np.cumsum(stored["counts"])[:-1]
    albums = zip(np.split(stored["steps"], cuts), np.split(stored["bins"], cuts), strict=True)
    pairs = [pair_landmarks(Landmarks(np.cumsum(s, dtype=np.int32), b)) for s, b in albums]
    hashes = np.concatenate([hashes for hashes, _ in pairs])
    order = np.argsort(hashes, kind="stable")
    tracks = np.repeat(np.arange(len(pairs), dtype=np.uint16), [len(h) for h, _ in pairs])
    return Index(
        track_ids=tuple(stored["track_ids"].tolist()),
        durations_s=stored["durations_s"],
        settings=Settings(**{f.name: f.type(stored[f.name]) for f in fields(Settings)}),
        hashes=hashes[order],
        tracks=tracks[order],
        frames=np.concatenate([anchors for _, anchors in pairs])[order],
    )


def check_settings(settings: Mapping[str, float]) -> Settings:
    """The settings as a `Settings`. Raises InputError if the hop passes the window."""
    chosen = Settings(**settings)
    if chosen.hop_samples > chosen.window_samples:
        raise InputError(
            Problem(
                "config, fingerprints.hop_samples",
                f"is {chosen.hop_samples}, more than window_samples ({chosen.window_samples})",
                "a hop no longer than the window",
                "an eighth of the window serves well",
            )
        )
    return chosen


def spans(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The whole numbers starts[i] .. starts[i] + lengths[i] - 1 of every i, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)


def _peaks(blocks, settings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Peaks of each block as (frames, bins), held back until the frames after them are known."""
    reach = settings.reach[0]
    held = np.zeros(0, np.float32)
    first, due = 0, 0  # the frame that `held` starts with, and the next one to look at
    for block in blocks:
        held = np.concatenate([held, block])
        count = (len(held) - settings.window_samples) // settings.hop_samples + 1
        if count <= 2 * reach:
            continue
        frames, bins = _local_maxima(held, settings)
        known = first + count - reach
        yield _between(frames + first, bins, due, known)
        first, due = known - reach, known
        held = held[(count - 2 * reach) * settings.hop_samples :]
    if len(held) >= settings.window_samples:
        frames, bins = _local_maxima(held, settings)
        yield _between(frames + first, bins, due, np.inf)


def _between(frames, bins, low, high) -> tuple[np.ndarray, np.ndarray]:
    kept = (frames >= low) & (frames < high)
    return frames[kept], bins[kept]


def _local_maxima(sound: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins where the spectrogram is above the floor and the largest around."""
    window = np.hanning(settings.window_samples).astype(np.float32)
    window /= window.sum() / 2  # a full-scale sine has magnitude 1
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(window))[:: settings.hop_samples]
    spectrum = np.abs(fft.rfft(frames * window, axis=1))
    reach = [2 * size + 1 for size in settings.reach]
    peaks = spectrum == maximum_filter(spectrum, reach)
    peaks &= spectrum > 10 ** (FLOOR_DB / 20)
    peaks[:, :LOWEST_BIN] = False
    return np.nonzero(peaks)


def _pair(landmarks: Landmarks, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and anchor frames of the pairs whose earlier landmark is one of start .. stop - 1."""
    frames, bins = landmarks.frames, landmarks.bins.astype(np.int32)
    nearest = np.searchsorted(frames, frames[start:stop] + NEAREST_FRAMES)
    partners = np.searchsorted(frames, frames[start:stop] + SPAN_FRAMES, side="right") - nearest
    early = start + np.repeat(np.arange(len(partners)), partners)
    late = spans(nearest, partners)
    interval = bins[late] - bins[early]
    near = np.abs(interval) <= SPAN_BINS
    early, late, interval = early[near], late[near], interval[near]
    hashes = bins[early] << 13 | (interval + 64) << 6 | frames[late] - frames[early]
    return hashes.astype(np.uint32), frames[early]
