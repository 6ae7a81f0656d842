"""Tracks cut in tiles: what the tagger's networks look at.

A tile is 100 frames of 2048 samples at 22,050 Hz, 9.29 s: with librosa's settings, which the
thesis seems to have used, the 100 frames of its "about 9.2 s" come out so. Frames follow each other
without overlap, and none reaches into the next tile. What is left at the end of a track is no tile,
unless it is all there is: a track of at least a second is repeated until it fills one.
"""

import logging
import os
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import fft
from tqdm import tqdm

from scorelens import media
from scorelens.albums.tracks import track_sounds
from scorelens.encoders import mel
from scorelens.errors import naming_damage
from scorelens.media.silence import SILENCE_RMS
from scorelens.tables import ALBUM_TRACKS, atomic, read_table
from scorelens.tagger import BANDS, COEFFICIENTS, FRAMES, HOP, RATE_HZ, TILE_S

TILE = FRAMES * HOP  # samples
TILES_AT_ONCE = 16  # decoded; bounds the memory
LEAST_S = 1.0  # of a track
FLOOR_DB, RANGE_DB = -100.0, 80.0  # as librosa's power_to_db has them

log = logging.getLogger(__name__)


class Tiles(NamedTuple):
    """The tiles of some tracks, in order of track and time.

    mel: float16 (tiles, BANDS, FRAMES), power in dB, at most 80 below the tile's loudest. track:
    int64 (tiles,), number of the track. start_s: float64 (tiles,), in the track. length_s: float64
    (tiles,), seconds of the track that the tile stands for.
    """

    mel: np.ndarray
    track: np.ndarray
    start_s: np.ndarray
    length_s: np.ndarray


def tile_album(tracks: str | os.PathLike, output: str | os.PathLike) -> None:
    """Cut the tracks of an album in tiles and write them.

    tracks: a tables.ALBUM_TRACKS. output: an .npz of the fields of Tiles and `track_ids`. Raises
    MediaError for a track that does not decode.
    """
    album = track_sounds(read_table(tracks, ALBUM_TRACKS))
    found = []
    for number, (track_id, sound) in enumerate(tqdm(album.items(), disable=None)):
        tiles = cut_track(media.audio_blocks(sound, RATE_HZ, TILES_AT_ONCE * TILE_S))
        if not len(tiles.mel):
            log.warning("%s: under %g s, or silent: no tiles", track_id, LEAST_S)
        found.append(tiles._replace(track=np.full(len(tiles.mel), number)))
    joined = join(found)
    with atomic(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, track_ids=np.array(list(album), str), **joined._asdict())
    log.info("%d tracks, %d tiles", len(album), len(joined.mel))


def read_tiles(path: str | os.PathLike) -> tuple[Tiles, list[str]]:
    """The tiles of an album and the ids of its tracks, in the order of their numbers."""
    with naming_damage(path, "tiles of an album"), np.load(path, allow_pickle=False) as file:
        return Tiles(*(file[name] for name in Tiles._fields)), file["track_ids"].tolist()


def join(parts: list[Tiles]) -> Tiles:
    """Tiles one after the other; none of no parts."""
    return Tiles(*(np.concatenate(field) for field in zip(*[*parts, _NONE], strict=True)))


def cut_track(blocks: Iterable[np.ndarray]) -> Tiles:
    """The tiles of one track, all of track 0; a tile that is silent or not finite is left out.

    blocks: its samples, float32 at RATE_HZ, one after the other; all but the last hold a whole
    number of tiles.
    """
    parts, first = [], 0
    for block in blocks:
        whole = len(block) // TILE
        if first == 0 and whole == 0 and len(block) >= LEAST_S * RATE_HZ:
            parts.append(_tiles(np.resize(block, (1, TILE)), 0, len(block) / RATE_HZ))
        else:
            parts.append(_tiles(block[: whole * TILE].reshape(whole, TILE), first, TILE_S))
        first += whole
    return join(parts)


def mfcc(decibels: np.ndarray) -> np.ndarray:
    """Cepstral coefficients 1 to 40 of tiles, by an orthonormal DCT of the bands in dB.

    decibels: (tiles, BANDS, FRAMES). Returns float32 (tiles, COEFFICIENTS, FRAMES). The coefficient
    0, which is the level, is left out, as in the thesis.
    """
    basis = fft.dct(np.eye(BANDS, dtype=np.float32), axis=0, norm="ortho")[1 : COEFFICIENTS + 1]
    return basis @ decibels.astype(np.float32)


def loud(samples: np.ndarray) -> np.ndarray:
    """Rows of the stretches of sound, (n, samples), that are finite and no silence; ascending."""
    with np.errstate(invalid="ignore", over="ignore"):
        mean_square = np.einsum("ts,ts->t", samples, samples) / samples.shape[1]
    return np.flatnonzero(np.isfinite(mean_square) & (mean_square >= SILENCE_RMS**2))


def decibels(samples: np.ndarray, rate_hz: int, hop: int, bands: int) -> np.ndarray:
    """Slaney's mel bands of stretches of sound in dB, at most 80 below a stretch's loudest.

    samples: float32 (n, frames * hop) at `rate_hz`; frames of `hop` samples follow each other
    without overlap. Returns float16 (n, bands, frames).
    """
    filters = mel.slaney_bands(rate_hz, hop, bands)
    power = mel.mel_spectrogram(samples.ravel(), mel.hann(hop), hop, filters, exponent=2)
    levels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    tiles = levels.reshape(len(samples), samples.shape[1] // hop, bands).transpose(0, 2, 1)
    loudest = tiles.max(axis=(1, 2), keepdims=True, initial=FLOOR_DB)
    return np.maximum(tiles, loudest - RANGE_DB).astype(np.float16)


def _tiles(samples: np.ndarray, first: int, length_s: float) -> Tiles:
    """samples: (tiles, TILE). first: number of the first in its track."""
    heard = loud(samples)
    return Tiles(
        decibels(samples[heard], RATE_HZ, HOP, BANDS),
        np.zeros(len(heard), np.int64),
        (first + heard) * TILE_S,
        np.full(len(heard), length_s),
    )


_NONE = Tiles(
    np.zeros((0, BANDS, FRAMES), np.float16), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
)
