"""Assemble a film whose cues are known, from albums, voices, effects and pictures."""

import itertools
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scorelens import media
from scorelens.albums.files import is_cue, list_files
from scorelens.albums.tracks import track_sounds
from scorelens.corpus.synthesis import pictures
from scorelens.corpus.synthesis.clips import clips_of_folder
from scorelens.corpus.synthesis.mixing import Clips, mix_film
from scorelens.corpus.synthesis.timeline import RATE_HZ, Pace, Scene, lay_out
from scorelens.corpus.synthesis.video_writer import write_film
from scorelens.ids import unique_ids
from scorelens.tables import ALBUM_TRACKS, TRUTH, read_table, write_table

log = logging.getLogger(__name__)
LETTERBOXED = 1 / 3  # share of films with black bars


@dataclass(frozen=True)
class Material:
    """What a film is made of: the sound of the album's tracks and of decoys by id, makers of the
    rest.
    """

    tracks: Mapping[str, media.Sound | str | os.PathLike]
    decoys: Mapping[str, str | os.PathLike]
    speech: Clips
    effects: Clips
    shots: pictures.Shots


def make_assembled_film(
    film_id: str,
    tracks: str | os.PathLike,
    speech: str | os.PathLike,
    effects: str | os.PathLike,
    decoys: str | os.PathLike | None,
    pictures_folder: str | os.PathLike | None,
    film_s: float,
    snrs_db: Sequence[float],
    look: pictures.Format,
    seed: int,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Assemble one film from real media.

    tracks: of the album, a table of ALBUM_TRACKS. speech, effects, decoys, pictures_folder:
    folders, searched with their subfolders; None for a film without decoys, and for painted
    pictures. film_s: length in s.
    snrs_db: what cues draw from. look: size and frame rate. seed: settles everything random.
    video, truth: where the film and its TRUTH table go.
    Files of no use are passed over with a warning. Raises InputError if a folder is absent or
    nothing in it is of use, ConfigError if the film is too short for a cue.
    """
    album = read_table(tracks, ALBUM_TRACKS)
    material = Material(
        tracks=track_sounds(album),
        decoys=_decoys(decoys, album["path"]),
        speech=clips_of_folder(speech, "voice clips", RATE_HZ),
        effects=clips_of_folder(effects, "sound effects", RATE_HZ),
        shots=(
            pictures.from_folder(pictures_folder, look)
            if pictures_folder
            else pictures.painted(pictures.any_genre, look)
        ),
    )
    assemble_film(film_id, material, Pace(), film_s, snrs_db, look, seed, video, truth)


def assemble_film(
    film_id: str,
    material: Material,
    pace: Pace,
    film_s: float,
    snrs_db: Sequence[float],
    look: pictures.Format,
    seed: int,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Lay out scenes, mix the sound, film the pictures, and write the film and its TRUTH table.

    Arguments as in make_assembled_film. Holds the film's sound in memory, about 1 MB a second.
    """
    order, sound, camera = np.random.default_rng(seed).spawn(3)
    scenes = lay_out(material.tracks, material.decoys, pace, round(film_s * RATE_HZ), order)
    mixed, _, snrs = mix_film(scenes, material.speech, material.effects, snrs_db, sound)
    frames = _film_scenes(scenes, material.shots, look, camera)
    write_film(video, frames, look, mixed, RATE_HZ)
    write_table(true_cues(film_id, scenes, snrs), truth, TRUTH)
    log.info("film %s: %.1f s, %d cues", film_id, film_s, len(snrs))


def _film_scenes(scenes: Sequence[Scene], shots, look: pictures.Format, rng):
    """Frames of all scenes; a scene ends with the frame nearest to its last sample."""
    edges = [round(scene.start / RATE_HZ * look.frame_rate_hz) for scene in scenes]
    edges.append(round(scenes[-1].end / RATE_HZ * look.frame_rate_hz))
    frames = itertools.chain.from_iterable(
        shots(scene, after - before, rng)
        for scene, before, after in zip(scenes, edges, edges[1:], strict=False)
    )
    return pictures.letterboxed(frames) if rng.random() < LETTERBOXED else frames


def _decoys(folder, album: Iterable[str]) -> dict[str, str]:
    """The music below a folder by id, less the files of the album."""
    if not folder:
        return {}
    own = {os.path.realpath(path) for path in album}
    paths = [path for path in list_files(folder) if not is_cue(path)]
    ids = unique_ids([os.path.splitext(os.path.relpath(p, folder))[0] for p in paths], "track")
    found = zip(ids, paths, strict=True)
    return {name: path for name, path in found if os.path.realpath(path) not in own}


def true_cues(film_id: str, scenes: Sequence[Scene], snrs: Sequence[float]) -> pd.DataFrame:
    """The TRUTH table of a film: its scenes with music, whose ratios to the rest are `snrs`, dB."""
    cues = [scene for scene in scenes if scene.music is not None]
    return pd.DataFrame(
        {
            "film_id": film_id,
            "track_id": [cue.track_id for cue in cues],
            "film_start_s": [cue.start / RATE_HZ for cue in cues],
            "film_end_s": [cue.end / RATE_HZ for cue in cues],
            "track_start_s": [cue.track_start / RATE_HZ for cue in cues],
            "snr_db": snrs,
            "decoy": [cue.decoy for cue in cues],
        }
    )
