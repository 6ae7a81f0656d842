"""Encode fragments of a track: where they lie, and the embedding or log-mel of each.

Fragments are FRAGMENT_S long and spread evenly over a track, the first at its start, the last at
its end; there are as many as it takes to cover all of it, up to a number. No more of a file is kept
in memory than a fragment and a block of the decoder.

`musicnn`: the mean of that network's embedding over the seconds of a fragment. Its patches lie
where those of the whole track do, so that the values are those of the feature set `musicnn_tracks`.
`cnn_transformer`: log-mel, the input of that network.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.encoders import audio_encoder
from scorelens.encoders.audio import musicnn
from scorelens.encoders.audio_encoder import AudioEncoder
from scorelens.encoders.registry import ENCODERS
from scorelens.media.cuts import SHORTFALL_S, cut_sound, whole_seconds
from scorelens.media.silence import MIN_SOUND_S, SILENCE_RMS
from scorelens.retrieval import BANDS, FRAGMENT, FRAGMENT_S, FRAMES, RATE_HZ
from scorelens.retrieval.model import cnn_transformer

# The values of no fragment, by the name in `retrieval.audio`.
EMPTY = {
    "musicnn": np.zeros((0, ENCODERS["musicnn"].embedding_size), np.float32),
    "cnn_transformer": np.zeros((0, BANDS, FRAMES), np.float16),
}
PATCH_S = musicnn.MIN_SAMPLES / musicnn.SAMPLE_RATE_HZ
SILENCE_DB, LEVEL_DIGITS = -100.0, 9  # of levels: their floor, and digits after the point
PATCH_HOP_S = musicnn.PATCH_HOP * musicnn.HOP / musicnn.SAMPLE_RATE_HZ


class Fragments(NamedTuple):
    """The fragments of a track that are not silent, in order of time.

    Attributes
    ----------
    start_s : ndarray of float64, shape (n,)
        Start of each in the track, s.
    values : ndarray, shape (n, size) or (n, BANDS, FRAMES)
        Embeddings in float32, or log-mel in float16.
    level_db : ndarray of float64, shape (n,)
        Mean power of each, dB re full scale.
    """

    start_s: np.ndarray
    values: np.ndarray
    level_db: np.ndarray


class Span(NamedTuple):
    """A fragment, and the part of its track that has to be decoded for it.

    Attributes
    ----------
    start_s, end_s : float
        The fragment, s of the track.
    from_s, to_s : float
        The part, s of the track.
    """

    start_s: float
    end_s: float
    from_s: float
    to_s: float


class FragmentEncoder(NamedTuple):
    """How fragments are encoded.

    Attributes
    ----------
    audio : str
        A name in EMPTY.
    rate_hz : int
        Sampling rate of the samples that it takes, Hz.
    span : callable
        Takes the start of a fragment and the length of its track in s; returns its Span.
    encode : callable
        Takes the samples of a span, float32 (n,), and the Span; returns values, None of silence.
    """

    audio: str
    rate_hz: int
    span: Callable[[float, float], Span]
    encode: Callable[[np.ndarray, Span], np.ndarray | None]


def load_fragment_encoder(
    audio: str, weights: str | os.PathLike | None, threads: int = 1
) -> FragmentEncoder:
    """Load the encoder of fragments that `retrieval.audio` names.

    Parameters
    ----------
    audio : str
        A name in EMPTY.
    weights : path or None
        MusiCNN's variables, a file that `scorelens.pretrained.fetch` wrote; `cnn_transformer` needs
        none.
    threads : int
        Threads of the CPU.

    Returns
    -------
    FragmentEncoder

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    if audio == "cnn_transformer":
        return FragmentEncoder(audio, RATE_HZ, _fragment_span, _log_mel)
    encoder = audio_encoder.load(audio, weights, threads)
    encode = partial(_mean_embedding, encoder=encoder)
    return FragmentEncoder(audio, encoder.sample_rate_hz, _patch_span, encode)


def fragment_starts(length_s: float, max_fragments: int) -> np.ndarray:
    """Spread fragments evenly over a track.

    Parameters
    ----------
    length_s : float
        Length of the track, s.
    max_fragments : int
        Fragments at most.

    Returns
    -------
    ndarray of float64, shape (n,)
        Where they start, s; n is 1 at least, and the first is 0.

    Examples
    --------
    >>> fragment_starts(100.0, 3).tolist()
    [0.0, 45.04, 90.08]
    """
    count = min(max_fragments, max(1, int(np.ceil(length_s / FRAGMENT_S))))
    return np.linspace(0, max(0, length_s - FRAGMENT_S), count)


def encode_track(
    source: media.Sound | str | os.PathLike,
    max_fragments: int,
    encoder: FragmentEncoder,
    length_s: float | None = None,
) -> Fragments:
    """Encode the fragments of a sound.

    If less decodes than `length_s`, the sound is decoded once more.

    Parameters
    ----------
    source : Sound or path
    max_fragments : int
        Fragments at most.
    encoder : FragmentEncoder
    length_s : float, optional
        Length of the sound, s; by default that of the whole file is looked up.

    Returns
    -------
    Fragments
        None if the sound is silent.

    Raises
    ------
    MediaError
        If it does not decode.
    """
    if length_s is None:
        length_s = media.probe(source).sound_s
    fragments = _encode(source, length_s, max_fragments, encoder) if length_s else None
    if fragments is None:
        blocks = media.audio_blocks(source, encoder.rate_hz)
        decoded_s = sum(map(len, blocks)) / encoder.rate_hz
        fragments = _encode(source, decoded_s, max_fragments, encoder)
    return fragments


def fragments_of_seconds(values: np.ndarray, max_fragments: int) -> Fragments:
    """Average the embeddings of the seconds of a track over its fragments.

    Parameters
    ----------
    values : ndarray of float32, shape (seconds, 200)
        MusiCNN's, from the start of the track, NaN of silence.
    max_fragments : int
        Fragments at most.

    Returns
    -------
    Fragments
        Their levels are NaN, see `with_levels`.
    """
    length_s = len(values)
    starts_s = fragment_starts(length_s, max_fragments) if length_s else ()
    spans = [_fragment_span(start_s, length_s) for start_s in starts_s]
    seconds = [whole_seconds(span.start_s, span.end_s).astype(int) for span in spans]
    means = [_mean(values[rows]) for rows in seconds]
    return _joined(spans, means, [np.nan] * len(spans), EMPTY["musicnn"])


def with_levels(fragments: Fragments, source: media.Sound | str | os.PathLike) -> Fragments:
    """Measure the levels of fragments whose embeddings are known.

    Parameters
    ----------
    fragments : Fragments
    source : Sound or path
        Their sound.

    Returns
    -------
    Fragments

    Raises
    ------
    MediaError
        If it does not decode.
    """
    rate_hz = ENCODERS["musicnn"].input_size
    parts = [(start_s, start_s + FRAGMENT_S, None) for start_s in fragments.start_s.tolist()]
    levels = [level_db(samples) for _, samples in cut_sound(parts, source, rate_hz)]
    return fragments._replace(level_db=np.array(levels, float))


def level_db(samples: np.ndarray) -> float:
    """Measure the mean power of samples.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        1 is full scale.

    Returns
    -------
    float
        dB, SILENCE_DB at least.

    Examples
    --------
    >>> level_db(np.full(4, 0.1)), level_db(np.zeros(0))
    (-20.0, -100.0)
    """
    power = float(np.dot(samples, samples)) / max(len(samples), 1)
    return round(float(10 * np.log10(max(power, 10 ** (SILENCE_DB / 10)))), LEVEL_DIGITS)


def _encode(
    source: media.Sound | str | os.PathLike,
    length_s: float,
    max_fragments: int,
    encoder: FragmentEncoder,
) -> Fragments | None:
    """The fragments of a sound of a known length; None if it turns out to be shorter."""
    wanted = [
        encoder.span(start_s, length_s) for start_s in fragment_starts(length_s, max_fragments)
    ]
    spans, values, levels = [], [], []
    for span, samples in cut_sound(
        [(s.from_s, s.to_s, s) for s in wanted], source, encoder.rate_hz
    ):
        if len(samples) / encoder.rate_hz < span.to_s - span.from_s - SHORTFALL_S:
            return None
        spans.append(span)
        values.append(encoder.encode(samples, span))
        inside = slice(*(round((s - span.from_s) * encoder.rate_hz) for s in span[:2]))
        levels.append(level_db(samples[inside]))
    return _joined(spans, values, levels, EMPTY[encoder.audio])


def _joined(
    spans: list[Span], values: list[np.ndarray | None], levels: list[float], empty: np.ndarray
) -> Fragments:
    """The fragments that have values."""
    rows = [row for row, value in enumerate(values) if value is not None]
    starts_s, levels = (
        [of_all[row] for row in rows] for of_all in ([s.start_s for s in spans], levels)
    )
    stacked = np.stack([values[row] for row in rows]) if rows else empty
    return Fragments(np.array(starts_s, float), stacked, np.array(levels, float))


def _fragment_span(start_s: float, length_s: float) -> Span:
    """A fragment and no more, from a whole sample on."""
    start_s = round(start_s * RATE_HZ) / RATE_HZ
    end_s = min(start_s + FRAGMENT_S, length_s)
    return Span(start_s, end_s, start_s, end_s)


def _log_mel(samples: np.ndarray, span: Span) -> np.ndarray | None:
    """float16 (BANDS, FRAMES). A track that is shorter than a fragment is repeated."""
    if not _is_audible(samples, RATE_HZ):
        return None
    return cnn_transformer.log_mel(np.resize(samples, (1, FRAGMENT)))[0]


def _is_audible(samples: np.ndarray, rate_hz: int) -> bool:
    """Whether samples are finite, louder than silence, and no mere click."""
    if len(samples) < MIN_SOUND_S * rate_hz or not np.isfinite(samples).all():
        return False
    return bool(samples @ samples / len(samples) >= SILENCE_RMS**2)


def _patch_span(start_s: float, length_s: float) -> Span:
    """From the last patch whose centre is before a fragment to the first one behind it."""
    end_s = min(start_s + FRAGMENT_S, length_s)
    first = max(0, np.floor((start_s - musicnn.CENTRE_S) / PATCH_HOP_S))
    last = np.ceil((end_s - musicnn.CENTRE_S) / PATCH_HOP_S)
    to_s = min(last * PATCH_HOP_S + PATCH_S, length_s)
    return Span(start_s, end_s, first * PATCH_HOP_S, to_s)


def _mean_embedding(samples: np.ndarray, span: Span, encoder: AudioEncoder) -> np.ndarray | None:
    """The mean embedding over the seconds of a fragment: float32 (size,)."""
    moments_s = np.clip(whole_seconds(span.start_s, span.end_s) + 0.5, span.start_s, span.end_s)
    return _mean(encoder.encode_at([samples], moments_s - span.from_s))


def _mean(values: np.ndarray) -> np.ndarray | None:
    """The mean of the rows that are finite, (n, size) to (size,); None if no row is."""
    finite = values[np.isfinite(values).all(1)]
    return finite.mean(0) if len(finite) else None
