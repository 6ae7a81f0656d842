"""Which music plays when in the films of a benchmark, before any sound is made."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scorelens.corpus.synthesis.timeline import is_quiet

from .albums import Track

SNRS_DB = (10, 5, 0, -5, -10)
CUE_S, LONG_CUE_S, DECOY_S, PAUSE_S = (20.0, 90.0), (60.0, 150.0), (30.0, 30.0), (5.0, 20.0)
FADE_IN_S, FADE_OUT_S = (0.02, 2.0), (0.3, 3.0)
MAX_SHARE = 0.85  # of a track that a cue plays, so that it can also be played faster
MIN_TRACK_S = 30.0
BIG_ALBUM = 120  # tracks
TRIES = 8  # positions drawn before a quiet one is taken
TONES = "tones"  # id of music that is no track


@dataclass(frozen=True)
class Cue:
    """Music in a film.

    track_id, partner_id: the track, and another one of its album for treatments that need two.
    position: relative position of the excerpt in the track, 0..1. decoy: not of the album.
    """

    track_id: str
    partner_id: str
    film_start_s: float
    length_s: float
    position: float
    snr_db: float
    decoy: bool
    seed: int
    fades_s: tuple[float, float]


@dataclass(frozen=True)
class Film:
    """A film: its cues in order of time, and the tracks of which the index of its album is made."""

    film_id: str
    album_id: str
    length_s: float
    cues: tuple[Cue, ...]
    indexed: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Plan:
    """Albums of the films, with the tracks that may be played, and the films of most treatments.

    tracks: ALBUM_TRACKS of all albums. usable: tracks that share no sound with another.
    """

    tracks: pd.DataFrame
    sounds: Mapping[str, Track]
    usable: Mapping[str, Sequence[str]]
    albums: tuple[str, ...]
    films: tuple[Film, ...]
    seed: int

    def album_tracks(self, album_id: str) -> list[str]:
        return self.tracks.track_id[self.tracks.album_id == album_id].tolist()

    def big_album(self, album_id: str) -> tuple[str, ...]:
        """Tracks of an album and of others, none of which is a decoy, in the order of the table."""
        own = self.album_tracks(album_id)
        decoys = {cue.track_id for film in self.films for cue in film.cues if cue.decoy}
        others = [name for name in self.foreign(album_id) if name not in decoys]
        chosen = {*own, *others[: max(0, BIG_ALBUM - len(own))]}
        return tuple(name for name in self.tracks.track_id if name in chosen)

    def foreign(self, album_id: str) -> list[str]:
        """The usable tracks of all other albums."""
        others = (ids for name, ids in sorted(self.usable.items()) if name != album_id)
        return list(itertools.chain.from_iterable(others))


def make_plan(
    tracks: pd.DataFrame,
    sounds: Mapping[str, Track],
    shared: set[str],
    albums: int,
    cues: int,
    seed: int,
) -> Plan:
    """Draw albums, and a film for each with so many cues and one decoy.

    The levels of the cues are those of `SNRS_DB`, each about as often.
    """
    usable = tracks[(tracks.duration_s >= MIN_TRACK_S) & ~tracks.track_id.isin(shared)]
    by_album = {name: sorted(rows.track_id) for name, rows in usable.groupby("album_id")}
    names = sorted(name for name, ids in by_album.items() if len(ids) > cues)
    if len(names) < albums:
        raise SystemExit(f"need {albums} albums with over {cues} usable tracks, not {len(names)}")
    rng = np.random.default_rng([seed, 1])
    chosen = tuple(names[k] for k in rng.permutation(len(names))[:albums])
    plan = Plan(tracks, sounds, by_album, chosen, (), seed)
    levels_db = np.resize(rng.permutation(SNRS_DB), (albums, cues))
    films = [_film(plan, number, levels_db[number], rng) for number in range(albums)]
    return Plan(tracks, sounds, by_album, chosen, tuple(films), seed)


def _film(plan: Plan, number: int, levels_db: Iterable[float], rng) -> Film:
    album_id = plan.albums[number]
    usable = plan.usable[album_id]
    own = [usable[k] for k in rng.permutation(len(usable))]
    music = [(own[k], own[k + 1], False, level) for k, level in enumerate(levels_db)]
    others = plan.foreign(album_id)
    if others:
        decoy = others[rng.integers(len(others))]
        music.insert(int(rng.integers(1, len(music) + 1)), (decoy, decoy, True, 0.0))
    cues = []
    start_s = float(rng.uniform(*PAUSE_S))
    for track_id, partner_id, is_decoy, level in music:
        length = DECOY_S if is_decoy else CUE_S
        cues.append(_cue(plan, track_id, partner_id, start_s, length, level, is_decoy, rng))
        start_s += cues[-1].length_s + float(rng.uniform(*PAUSE_S))
    indexed = tuple(plan.album_tracks(album_id))
    return Film(f"film_{number}", album_id, start_s, tuple(cues), indexed, plan.seed)


def _cue(plan: Plan, track_id, partner_id, start_s, length, level_db, is_decoy, rng) -> Cue:
    length_s = float(np.exp(rng.uniform(*np.log(length))))
    position = rng.random()
    if track_id in plan.sounds:
        sound = plan.sounds[track_id]
        length_s = min(length_s, MAX_SHARE * sound.duration_s)
        position = _loud_position(sound, length_s, rng)
    return Cue(
        track_id=track_id,
        partner_id=partner_id,
        film_start_s=start_s,
        length_s=length_s,
        position=float(position),
        snr_db=float(level_db),
        decoy=is_decoy,
        seed=int(rng.integers(2**31)),
        fades_s=(float(rng.uniform(*FADE_IN_S)), float(rng.uniform(*FADE_OUT_S))),
    )


def _loud_position(sound: Track, length_s: float, rng) -> float:
    """A random position at which the music is not nearly silent."""
    for _ in range(TRIES):
        position = rng.random()
        start_s = position * (sound.duration_s - length_s)
        if not is_quiet(sound.read(start_s, length_s).mean(axis=1)):
            break
    return position


def held_out(plan: Plan, minutes: float) -> Iterator[Film]:
    """Two films an album: each plays one half of the usable tracks, and the index has the rest."""
    for number, (album_id, half) in enumerate(itertools.product(plan.albums, (0, 1))):
        played = plan.usable[album_id][half::2]
        rest = tuple(name for name in plan.album_tracks(album_id) if name not in played)
        length_s = 60 * minutes / (2 * len(plan.albums))
        yield _long_film(plan, number, album_id, played, rest, length_s)


def foreign(plan: Plan, minutes: float) -> Iterator[Film]:
    """A film an album that plays tracks of the other albums."""
    for number, album_id in enumerate(plan.albums):
        others, indexed = plan.foreign(album_id), tuple(plan.album_tracks(album_id))
        length_s = 60 * minutes / len(plan.albums)
        yield _long_film(plan, number, album_id, others, indexed, length_s)


def tones(plan: Plan, minutes: float) -> Iterator[Film]:
    """A film an album with tones that are no music."""
    for number, album_id in enumerate(plan.albums):
        indexed, length_s = tuple(plan.album_tracks(album_id)), 60 * minutes / len(plan.albums)
        yield _long_film(plan, number, album_id, [TONES], indexed, length_s)


def speech(plan: Plan, minutes: float) -> Iterator[Film]:
    """A film an album without music."""
    for number, album_id in enumerate(plan.albums):
        indexed, length_s = tuple(plan.album_tracks(album_id)), 60 * minutes / len(plan.albums)
        yield Film(f"film_{number}", album_id, length_s, (), indexed, plan.seed + 1)


def _long_film(plan, number, album_id, played, indexed, length_s) -> Film:
    """A film whose music follows without long pauses, each track once before one is repeated."""
    rng = np.random.default_rng([plan.seed, 2, number])
    order = [played[k] for k in rng.permutation(len(played))]
    levels, cues, start_s = itertools.cycle(SNRS_DB), [], 2.0
    for track_id in itertools.cycle(order):
        cue = _cue(plan, track_id, track_id, start_s, LONG_CUE_S, next(levels), True, rng)
        if start_s + cue.length_s > length_s:
            break
        cues.append(cue)
        start_s += cue.length_s + 3.0
    return Film(f"film_{number}", album_id, start_s + 3.0, tuple(cues), indexed, plan.seed)
