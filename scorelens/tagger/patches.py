"""Cut tracks in tiles, the log-mel patches that the tagger's networks take as input.

A tile is 100 frames of 2048 samples at 22,050 Hz, 9.29 s: with librosa's settings, which the
thesis seems to have used, the 100 frames of its "about 9.2 s" come out so. Frames follow each other
without overlap, and none reaches into the next tile. The rest at the end of a track is left out,
unless it is all there is: a track of at least a second is repeated until it fills a tile.
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
from scorelens.encoders.log_mel import log_mel_patches, sounding_rows
from scorelens.errors import naming_damage
from scorelens.media.silence import SILENCE_RMS
from scorelens.tables import ALBUM_TRACKS, atomic, read_table
from scorelens.tagger import BANDS, COEFFICIENTS, FRAMES, HOP, RATE_HZ, TILE_S

TILE = FRAMES * HOP  # samples
TILES_AT_ONCE = 16  # decoded; bounds the memory
MIN_S = 1.0  # of a track

log = logging.getLogger(__name__)


class Tiles(NamedTuple):
    """The tiles of some tracks, in order of track and time.

    Parameters
    ----------
    mel : ndarray of float16, shape (n_tiles, BANDS, FRAMES)
        Power in dB, at most 80 below the tile's loudest value.
    track : ndarray of int64, shape (n_tiles,)
        Number of the track.
    start_s : ndarray of float64, shape (n_tiles,)
        Start in the track, in seconds.
    length_s : ndarray of float64, shape (n_tiles,)
        Seconds of the track that the tile stands for.
    """

    mel: np.ndarray
    track: np.ndarray
    start_s: np.ndarray
    length_s: np.ndarray


def tile_album(tracks: str | os.PathLike, output: str | os.PathLike) -> None:
    """Cut the tracks of an album in tiles and write them.

    Parameters
    ----------
    tracks : path
        A table of tables.ALBUM_TRACKS.
    output : path
        An .npz of the fields of Tiles and `track_ids`.

    Raises
    ------
    MediaError
        For a track that does not decode.
    """
    album = track_sounds(read_table(tracks, ALBUM_TRACKS))
    parts = []
    for number, (track_id, sound) in enumerate(tqdm(album.items(), disable=None)):
        tiles = cut_track(media.audio_blocks(sound, RATE_HZ, TILES_AT_ONCE * TILE_S))
        if not len(tiles.mel):
            log.warning("%s: under %g s, or silent: no tiles", track_id, MIN_S)
        parts.append(tiles._replace(track=np.full(len(tiles.mel), number)))
    joined = join_tiles(parts)
    with atomic(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, track_ids=np.array(list(album), str), **joined._asdict())
    log.info("%d tracks, %d tiles", len(album), len(joined.mel))


def read_tiles(path: str | os.PathLike) -> tuple[Tiles, list[str]]:
    """Read the tiles of an album.

    Parameters
    ----------
    path : path
        Of `tile_album`.

    Returns
    -------
    tiles : Tiles
        Of all tracks.
    track_ids : list of str
        Ids of the tracks, by number.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "tiles of an album"), np.load(path, allow_pickle=False) as file:
        return Tiles(*(file[name] for name in Tiles._fields)), file["track_ids"].tolist()


def join_tiles(parts: list[Tiles]) -> Tiles:
    """Concatenate tiles; without parts there are none."""
    return Tiles(*(np.concatenate(field) for field in zip(*[*parts, _NO_TILES], strict=True)))


def cut_track(blocks: Iterable[np.ndarray]) -> Tiles:
    """Cut one track in tiles; those that are silent or not finite are left out.

    Parameters
    ----------
    blocks : iterable of ndarray of float32
        The samples of the track at RATE_HZ, one block after the other; all but the last hold a
        whole number of tiles.

    Returns
    -------
    Tiles
        All of track 0.
    """
    parts, first = [], 0
    for block in blocks:
        whole = len(block) // TILE
        if first == 0 and whole == 0 and len(block) >= MIN_S * RATE_HZ:
            parts.append(_tiles(np.resize(block, (1, TILE)), 0, len(block) / RATE_HZ))
        else:
            parts.append(_tiles(block[: whole * TILE].reshape(whole, TILE), first, TILE_S))
        first += whole
    return join_tiles(parts)


def mfcc(decibels: np.ndarray) -> np.ndarray:
    """Compute cepstral coefficients 1 to 40 of tiles, by an orthonormal DCT of the bands in dB.

    Parameters
    ----------
    decibels : ndarray, shape (n_tiles, BANDS, FRAMES)
        Bands of `Tiles.mel`.

    Returns
    -------
    ndarray of float32, shape (n_tiles, COEFFICIENTS, FRAMES)
        Coefficient 0, which is the level, is left out, as in the thesis.
    """
    basis = fft.dct(np.eye(BANDS, dtype=np.float32), axis=0, norm="ortho")[1 : COEFFICIENTS + 1]
    return basis @ decibels.astype(np.float32)


def _tiles(samples: np.ndarray, first: int, length_s: float) -> Tiles:
    """samples: (tiles, TILE). first: number of the first in its track."""
    rows = sounding_rows(samples, SILENCE_RMS)
    return Tiles(
        log_mel_patches(samples[rows], RATE_HZ, HOP, BANDS),
        np.zeros(len(rows), np.int64),
        (first + rows) * TILE_S,
        np.full(len(rows), length_s),
    )


_NO_TILES = Tiles(
    np.zeros((0, BANDS, FRAMES), np.float16), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
)
