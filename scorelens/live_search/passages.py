"""Encode a track: MusiCNN's embeddings of its passages, and the values that filters use.

A passage is a fragment of retrieval, 9.92 s, so that a trained model of retrieval can read the
embeddings too. Tempo, key, speech and singing are those of the minute in the middle of a track.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mutagen
import numpy as np
import soxr

from scorelens import media
from scorelens.music import installed_detector
from scorelens.retrieval.embed.fragments import FragmentEncoder, encode_track
from scorelens.tagger import RATE_HZ
from scorelens.tagger.descriptors import key_name, tempo_bpm

MAX_PASSAGES = 8
DESCRIBED_S = 60.0
SPEECH, SINGING = 0, 1  # columns of the detector
PRESENT = 0.5  # probability from which a second has speech or singing

Detector = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Encoded:
    """An encoded track.

    Attributes
    ----------
    start_s : ndarray of float64, shape (passages,)
        Starts of the passages in the track, s.
    values : ndarray of float16, shape (passages, 200)
        MusiCNN's embeddings.
    facts : mapping
        Columns of the catalogue that are measured: `length_s`, `loudness_db`, `tempo_bpm`, `key`,
        `speech`, `singing`; None or empty where unknown.
    """

    start_s: np.ndarray
    values: np.ndarray
    facts: Mapping[str, float | str | None]


def encode(
    sound: "media.Sound | str",
    encoder: FragmentEncoder,
    detector: Detector | None,
    passages: int = MAX_PASSAGES,
) -> Encoded:
    """Encode a track.

    Parameters
    ----------
    sound : Sound or path
    encoder : FragmentEncoder
        MusiCNN's.
    detector : callable or None
        From `load_speech_detector`.
    passages : int
        Passages at most, spread evenly.

    Returns
    -------
    Encoded
        Without passages if the track is silent.

    Raises
    ------
    MediaError
        If it does not decode.
    """
    source = sound if isinstance(sound, media.Sound) else media.Sound(os.fspath(sound))
    length_s = track_length_s(source)
    fragments = encode_track(source, passages, encoder, length_s or None)
    facts = {"length_s": length_s, **describe(source, length_s, detector)}
    power = np.mean(10 ** (fragments.level_db / 10)) if len(fragments.level_db) else 0
    facts["loudness_db"] = float(10 * np.log10(power)) if power else None
    return Encoded(fragments.start_s, fragments.values.astype(np.float16), facts)


def track_length_s(sound: "media.Sound") -> float:
    """Length of a track, s: of its part, or of the whole file by its header."""
    end_s = sound.end_s if sound.end_s is not None else media.probe(sound.path).sound_s
    return max(0.0, end_s - sound.start_s)


def describe(
    sound: "media.Sound", length_s: float, detector: Detector | None
) -> dict[str, float | str | None]:
    """Measure tempo, key, speech and singing of the middle of a track.

    Parameters
    ----------
    sound : Sound
    length_s : float
    detector : callable or None

    Returns
    -------
    dict
        `tempo_bpm`, `key`, `speech`, `singing` (shares of the seconds, 0 to 1).
    """
    first_s = sound.start_s + max(0.0, (length_s - DESCRIBED_S) / 2)
    end_s = min(first_s + DESCRIBED_S, sound.start_s + length_s)
    samples = media.read_audio(media.Sound(sound.path, first_s, end_s), RATE_HZ)
    facts = {"tempo_bpm": None, "key": "", "speech": None, "singing": None}
    if len(samples) < RATE_HZ:
        return facts
    samples = np.where(np.isfinite(samples), samples, np.float32(0))
    facts |= {"tempo_bpm": tempo_bpm(samples), "key": key_name(samples)}
    if detector:
        shares = (detector(samples) >= PRESENT).mean(0)
        facts |= {"speech": float(shares[SPEECH]), "singing": float(shares[SINGING])}
    return facts


def load_speech_detector() -> Detector | None:
    """Load the detector of speech and singing, if its package is installed.

    Returns
    -------
    callable or None
        Takes samples at the tagger's RATE_HZ, float32 (n,); returns probabilities by second,
        (seconds, 3), speech and singing first.
    """
    if not installed_detector():
        return None
    from scorelens.music import detector as events

    network = events.load_detector()

    def detect(samples: np.ndarray) -> np.ndarray:
        sound = soxr.resample(samples, RATE_HZ, events.RATE_HZ).astype(np.float32)
        return events.probabilities_by_second([sound], network)

    return detect


def genre_tags(path: str | os.PathLike) -> tuple[str, ...]:
    """Genres in the tags of a file, in lower case; none if they cannot be read.

    Parameters
    ----------
    path : path

    Returns
    -------
    tuple of str
    """
    try:
        tags = mutagen.File(path, easy=True)
        genres = (tags or {}).get("genre") or ()
    except Exception:  # a library may raise anything for damaged bytes
        return ()
    parts = (part for text in genres for part in str(text).replace("/", ";").split(";"))
    return tuple(dict.fromkeys(part.strip().lower() for part in parts if part.strip()))
