"""Fragments of a track: where they lie, and what is heard in them.

Fragments are FRAGMENT_S long and spread evenly over a track, the first at its start, the last at
its end; there are as many as it takes to hear all of it, up to a number. Of a file no more is kept
at a time than a fragment and a block of the decoder, however long it plays.

`musicnn`: the mean of that network's values over the seconds of a fragment. Its patches lie where
those of the whole track do, so that the values are those of the feature set `musicnn_tracks`.
`cnn_transformer`: log-mel, of which that network learns.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.encoders import audio_encoder, musicnn
from scorelens.features.frames import SHORTEST_S, SILENCE_RMS
from scorelens.features.sounds import cuts
from scorelens.features.table import SHORTFALL_S, FeatureSet, seconds_of
from scorelens.retrieval import BANDS, FRAGMENT, FRAGMENT_S, FRAMES, RATE_HZ
from scorelens.retrieval.model import cnn_transformer

# The values of no fragment, by what hears it.
NOTHING = {
    "musicnn": np.zeros((0, len(musicnn.NAMES)), np.float32),
    "cnn_transformer": np.zeros((0, BANDS, FRAMES), np.float16),
}
PATCH_S = musicnn.LEAST_SAMPLES / musicnn.RATE_HZ
PATCH_HOP_S = musicnn.PATCH_HOP * musicnn.HOP / musicnn.RATE_HZ


class Fragments(NamedTuple):
    """The fragments of a track that sound, in order of time.

    start_s: float64 (n,), in the track. values: float32 (n, size), or float16 (n, BANDS, FRAMES).
    """

    start_s: np.ndarray
    values: np.ndarray


class Span(NamedTuple):
    """A fragment, and the part of its track that has to be heard for it, in s of the track."""

    start_s: float
    end_s: float
    from_s: float
    to_s: float


class Ear(NamedTuple):
    """What hears fragments.

    audio: its name in NOTHING. rate_hz: of the samples it takes. span: the span of a fragment, from
    its start and its track's length in s. hear: takes a span's samples, float32 (n,), and the span;
    returns values, None of silence.
    """

    audio: str
    rate_hz: int
    span: Callable[[float, float], Span]
    hear: Callable[[np.ndarray, Span], np.ndarray | None]


def load_ear(audio: str, weights: str | os.PathLike | None, threads: int = 1) -> Ear:
    """The ear of `retrieval.audio`.

    audio: a name of NOTHING. weights: MusiCNN's, as `encoders.audio_encoder.load` takes them; the
    other has none. threads: of the CPU.
    """
    if audio == "cnn_transformer":
        return Ear(audio, RATE_HZ, _plain_span, _log_mel)
    network = audio_encoder.load(audio, weights, threads)
    return Ear(audio, network.rate_hz, _patch_span, partial(_mean_values, network=network))


def fragment_starts(length_s: float, most: int) -> np.ndarray:
    """Where the fragments of a track start, in s: float64 (n,), n from 1 to most, 0 the first."""
    count = min(most, max(1, int(np.ceil(length_s / FRAGMENT_S))))
    return np.linspace(0, max(0, length_s - FRAGMENT_S), count)


def hear_track(
    source: media.Sound | str | os.PathLike, most: int, ear: Ear, length_s: float | None = None
) -> Fragments:
    """The fragments of a sound, at most `most`; none if it is silent.

    length_s: of the sound; None of a whole file, of which it is then looked up. If less decodes, it
    is decoded once more. Raises MediaError if it cannot be decoded.
    """
    if length_s is None:
        length_s = media.probe(source).sound_s
    found = _heard(source, length_s, most, ear) if length_s else None
    if found is None:
        blocks = media.audio_blocks(source, ear.rate_hz)
        found = _heard(source, sum(map(len, blocks)) / ear.rate_hz, most, ear)
    return found


def of_seconds(values: np.ndarray, most: int) -> Fragments:
    """The fragments of a track whose seconds MusiCNN has heard already.

    values: float32 (seconds, 200), from the track's start, NaN of silence. most: as `hear_track`.
    """
    length_s = len(values)
    starts_s = fragment_starts(length_s, most) if length_s else ()
    spans = [_plain_span(start_s, length_s) for start_s in starts_s]
    means = [_mean(values[seconds_of(span.start_s, span.end_s).astype(int)]) for span in spans]
    return _joined(spans, means, NOTHING["musicnn"])


def _heard(
    source: media.Sound | str | os.PathLike, length_s: float, most: int, ear: Ear
) -> Fragments | None:
    """The fragments of a sound of a known length; None if it turns out to be shorter."""
    wanted = [ear.span(start_s, length_s) for start_s in fragment_starts(length_s, most)]
    spans, values = [], []
    for span, samples in cuts([(s.from_s, s.to_s, s) for s in wanted], source, ear.rate_hz):
        if len(samples) / ear.rate_hz < span.to_s - span.from_s - SHORTFALL_S:
            return None
        spans.append(span)
        values.append(ear.hear(samples, span))
    return _joined(spans, values, NOTHING[ear.audio])


def _joined(spans: list[Span], values: list[np.ndarray | None], nothing: np.ndarray) -> Fragments:
    """The fragments that have values."""
    found = [pair for pair in zip(spans, values, strict=True) if pair[1] is not None]
    starts_s = np.array([span.start_s for span, _ in found], np.float64)
    return Fragments(starts_s, np.stack([own for _, own in found]) if found else nothing)


def _plain_span(start_s: float, length_s: float) -> Span:
    """A fragment and no more, from a whole sample on."""
    start_s = round(start_s * RATE_HZ) / RATE_HZ
    end_s = min(start_s + FRAGMENT_S, length_s)
    return Span(start_s, end_s, start_s, end_s)


def _log_mel(samples: np.ndarray, span: Span) -> np.ndarray | None:
    """float16 (BANDS, FRAMES). A track that is shorter than a fragment is repeated."""
    if not _sounds(samples, RATE_HZ):
        return None
    return cnn_transformer.log_mel(np.resize(samples, (1, FRAGMENT)))[0]


def _sounds(samples: np.ndarray, rate_hz: int) -> bool:
    """Whether samples are finite, louder than silence, and no mere click."""
    if len(samples) < SHORTEST_S * rate_hz or not np.isfinite(samples).all():
        return False
    return bool(samples @ samples / len(samples) >= SILENCE_RMS**2)


def _patch_span(start_s: float, length_s: float) -> Span:
    """A fragment from a patch on whose centre is before it, to one whose centre is behind it."""
    end_s = min(start_s + FRAGMENT_S, length_s)
    first = max(0, np.floor((start_s - musicnn.CENTRE_S) / PATCH_HOP_S))
    last = np.ceil((end_s - musicnn.CENTRE_S) / PATCH_HOP_S)
    to_s = min(last * PATCH_HOP_S + PATCH_S, length_s)
    return Span(start_s, end_s, first * PATCH_HOP_S, to_s)


def _mean_values(samples: np.ndarray, span: Span, network: FeatureSet) -> np.ndarray | None:
    """The mean of a network's values over the seconds of a fragment: float32 (size,)."""
    moments_s = np.clip(seconds_of(span.start_s, span.end_s) + 0.5, span.start_s, span.end_s)
    return _mean(network.measure([samples], moments_s - span.from_s))


def _mean(values: np.ndarray) -> np.ndarray | None:
    """The mean of the rows that are finite, (n, size) to (size,); None if no row is."""
    known = values[np.isfinite(values).all(1)]
    return known.mean(0) if len(known) else None
