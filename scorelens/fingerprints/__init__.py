"""Landmarks of sound, and the index of an album by which a film's music is recognised.

A landmark is a peak of the spectrogram; two landmarks close in time and frequency make a hash that
survives noise, coding and level (Wang, An industrial-strength audio search algorithm, ISMIR 2003).
`landmarks` finds and pairs them, `index` keeps those of an album at every speed of a film.
"""

from scorelens.fingerprints.index import (
    Album,
    Index,
    base_speeds,
    hash_album,
    index_album,
    read_album,
    write_album,
)
from scorelens.fingerprints.landmarks import (
    Landmarks,
    Settings,
    check_settings,
    find_landmarks,
    hash_span,
    pair_landmarks,
    spans,
)

__all__ = [
    "Album",
    "Index",
    "Landmarks",
    "Settings",
    "base_speeds",
    "check_settings",
    "find_landmarks",
    "hash_album",
    "hash_span",
    "index_album",
    "pair_landmarks",
    "read_album",
    "spans",
    "write_album",
]
