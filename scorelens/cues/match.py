"""Match the sound of a film with its album and write the film's cue table."""

import logging
import os
from collections.abc import Mapping

import pandas as pd

from scorelens import media, tables
from scorelens.cues import dejavu
from scorelens.cues.coincidence import TrackLandmarks
from scorelens.cues.lines import SEARCHES
from scorelens.cues.runs import cue_table
from scorelens.cues.speed import film_speed
from scorelens.cues.tracking import Film, track_music
from scorelens.fingerprints import (
    Album,
    channel_landmarks,
    index_triplets,
    read_album,
    read_dejavu_index,
)

log = logging.getLogger(__name__)


def match_film(
    method: str,
    film_id: str,
    video: str | os.PathLike,
    index: str | os.PathLike,
    status: str | os.PathLike,
    outputs: Mapping[str, str],
    settings: Mapping[str, object],
    audio: str = "",
) -> None:
    """Write the cues of a film.

    Parameters
    ----------
    method : {"diagonal", "dejavu"}
        The matching method.
    film_id : str
        Id of the film.
    video : path
        The film.
    index : path
        The album's index for this method.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its hash.
    outputs : mapping of str to path
        `table` (Parquet) and `text` (TSV).
    settings : mapping
        The configuration of the method.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    MediaError
        If the film has no sound, or is not the file that was checked.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    sound = media.Sound(video, stream=audio)
    if method == "dejavu":
        cues = dejavu.find_cues(film_id, sound, read_dejavu_index(index), **settings)
    else:
        album = read_album(index)
        cues = find_cues(film_id, fingerprint_film(sound, album), album, **settings)
    provenance = {
        "method": method,
        "config": tables.digest(dict(settings)),
        "video_sha256": film.video_sha256,
    }
    for path in outputs.values():
        tables.write_table(cues, path, tables.CUES, provenance)
    if cues.empty:
        log.warning("%s: no track of the album was found", film_id)
        return
    log.info(
        "%s: %d cues of %d tracks, %.0f s in all, at %.4f times the speed of the album",
        film_id,
        len(cues),
        cues.track_id.nunique(),
        (cues.film_end_s - cues.film_start_s).sum(),
        film_speed(cues),
    )


def fingerprint_film(sound: media.Sound | str | os.PathLike, album: Album) -> Film:
    """Find the landmarks of a film with the settings of its album. Decodes the film once.

    Parameters
    ----------
    sound : media.Sound or path
        The film's sound.
    album : Album
        Gives the settings.

    Returns
    -------
    Film
    """
    return Film(channel_landmarks(sound, album.settings), album.settings.hop_s)


def find_cues(
    film_id: str,
    film: Film,
    album: Album,
    search: str,
    onset_penalty: float,
    max_evidence_per_s: float,
) -> pd.DataFrame:
    """Find which track plays when, by the method `diagonal`.

    Parameters
    ----------
    film_id : str
        Id of the film.
    film : Film
        Its landmarks.
    album : Album
        Landmarks of its album.
    search : {"wide", "narrow"}
        Whether tempo and pitch may change apart and two tracks play at once, or not.
    onset_penalty : float
        Evidence that a cue must bring, nats.
    max_evidence_per_s : float
        Upper limit of the evidence of one second, nats.

    Returns
    -------
    DataFrame
        `tables.CUES` in order of time; empty if no track plays.
    """
    tracks = [TrackLandmarks.of(channels) for channels in album.landmarks]
    index = index_triplets(album.landmarks, SEARCHES[search].max_entries)
    runs = track_music(film, tracks, index, SEARCHES[search], onset_penalty, max_evidence_per_s)
    return cue_table(film_id, film, album, tracks, runs)
