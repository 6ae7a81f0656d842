"""Assemble a film with known cues from albums, voice clips, effects and pictures."""

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
from scorelens.corpus.synthesis.timeline import RATE_HZ, Pace, Scene, plan_scenes
from scorelens.corpus.synthesis.video_writer import write_film
from scorelens.ids import unique_ids
from scorelens.tables import ALBUM_TRACKS, TRUTH, read_table, write_table

log = logging.getLogger(__name__)
LETTERBOXED = 1 / 3  # share of films with black bars


@dataclass(frozen=True)
class FilmSources:
    """The sources of a film's sound and pictures.

    Parameters
    ----------
    tracks, decoys : mapping of str to sound
        Sound of the album's tracks and of decoys, by id.
    speech, effects : callable
        Take a Generator and return a mono clip, float32 of shape (n,).
    shots : callable
        Takes a scene, a number of frames and a Generator, and returns an iterator over that many
        pictures, uint8 BGR.
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
    frame_format: pictures.FrameFormat,
    seed: int,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Assemble one film from real media.

    Parameters
    ----------
    film_id : str
        Id of the film.
    tracks : path
        Tracks of the album (`tables.ALBUM_TRACKS`).
    speech, effects, decoys, pictures_folder : path or None
        Folders, searched with their subfolders. Files that cannot be used are skipped with a
        warning. Without decoys the film has none, without pictures they are painted.
    film_s : float
        Length of the film, s.
    snrs_db : sequence of float
        Signal-to-noise ratios that cues draw from, dB.
    frame_format : FrameFormat
        Size and frame rate of the pictures.
    seed : int
        Seed of everything random.
    video, truth : path
        Where the film (MP4) and its true cues (`tables.TRUTH`) go.

    Raises
    ------
    InputError
        If a folder does not exist or none of its files can be used.
    ConfigError
        If the film is too short for a cue.
    """
    album = read_table(tracks, ALBUM_TRACKS)
    sources = FilmSources(
        tracks=track_sounds(album),
        decoys=_decoys(decoys, album["path"]),
        speech=clips_of_folder(speech, "voice clips", RATE_HZ),
        effects=clips_of_folder(effects, "sound effects", RATE_HZ),
        shots=(
            pictures.shots_from_folder(pictures_folder, frame_format)
            if pictures_folder
            else pictures.painted_shots(pictures.all_genres, frame_format)
        ),
    )
    assemble_film(film_id, sources, Pace(), film_s, snrs_db, frame_format, seed, video, truth)


def assemble_film(
    film_id: str,
    sources: FilmSources,
    pace: Pace,
    film_s: float,
    snrs_db: Sequence[float],
    frame_format: pictures.FrameFormat,
    seed: int,
    video: str | os.PathLike,
    truth: str | os.PathLike,
) -> None:
    """Plan the scenes, mix the sound, make the pictures, and write the film and its true cues.

    Holds the film's sound in memory, about 1 MB a second.

    Parameters
    ----------
    film_id : str
        Id of the film.
    sources : FilmSources
        Tracks, clips and pictures.
    pace : Pace
        Lengths of cues and pauses.
    film_s : float
        Length of the film, s.
    snrs_db : sequence of float
        Signal-to-noise ratios that cues draw from, dB.
    frame_format : FrameFormat
        Size and frame rate of the pictures.
    seed : int
        Seed of everything random.
    video, truth : path
        Where the film (MP4) and its true cues (`tables.TRUTH`) go.

    Raises
    ------
    InputError
        If no track can be used.
    ConfigError
        If the film is too short for a cue.
    """
    order, sound, camera = np.random.default_rng(seed).spawn(3)
    scenes = plan_scenes(sources.tracks, sources.decoys, pace, round(film_s * RATE_HZ), order)
    mixed, _, snrs = mix_film(scenes, sources.speech, sources.effects, snrs_db, sound)
    frames = _pictures_of_scenes(scenes, sources.shots, frame_format, camera)
    write_film(video, frames, frame_format, mixed, RATE_HZ)
    write_table(true_cues(film_id, scenes, snrs), truth, TRUTH)
    log.info("film %s: %.1f s, %d cues", film_id, film_s, len(snrs))


def _pictures_of_scenes(scenes: Sequence[Scene], shots, frame_format: pictures.FrameFormat, rng):
    """Frames of all scenes; a scene ends with the frame nearest to its last sample."""
    edges = [round(scene.start / RATE_HZ * frame_format.frame_rate_hz) for scene in scenes]
    edges.append(round(scenes[-1].end / RATE_HZ * frame_format.frame_rate_hz))
    frames = itertools.chain.from_iterable(
        shots(scene, after - before, rng)
        for scene, before, after in zip(scenes, edges, edges[1:], strict=False)
    )
    return pictures.letterboxed(frames) if rng.random() < LETTERBOXED else frames


def _decoys(folder, album: Iterable[str]) -> dict[str, str]:
    """The music below a folder by id, less the files of the album."""
    if not folder:
        return {}
    excluded = {os.path.realpath(path) for path in album}
    paths = [path for path in list_files(folder) if not is_cue(path)]
    ids = unique_ids([os.path.splitext(os.path.relpath(p, folder))[0] for p in paths], "track")
    named = zip(ids, paths, strict=True)
    return {name: path for name, path in named if os.path.realpath(path) not in excluded}


def true_cues(film_id: str, scenes: Sequence[Scene], snrs: Sequence[float]) -> pd.DataFrame:
    """List the true cues of a film.

    Parameters
    ----------
    film_id : str
        Id of the film.
    scenes : sequence of Scene
        Its scenes.
    snrs : sequence of float
        Signal-to-noise ratio of each scene with music, dB.

    Returns
    -------
    DataFrame
        `tables.TRUTH`.
    """
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
