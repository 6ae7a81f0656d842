"""Finding the track that a person names: by id, title or file name, leniently."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import pandas as pd

from scorelens.albums.names import file_title, track_names, track_titles
from scorelens.albums.tags import clean_text
from scorelens.ids import slug

# What an exported label adds to the name of its track (`exports.film`), and the number that often
# starts the name of a file.
POSITION = re.compile(r" from \d+:\d\d \(\d\.\d\d\)(, \w+(, [+-]\d+ dB)?)?$")
NUMBER = re.compile(r"^[\d\W]*\d[\s._-]+(?=\S)")

# Ids of tracks by one form of their names, and the function that brings a text into this form.
Names = list[tuple[Callable[[str], str], dict[str, set[str]]]]


def name_tracks(tracks: pd.DataFrame) -> Names:
    """Collect the names of the tracks of an album.

    Parameters
    ----------
    tracks : DataFrame
        Rows of TRACKS of one film.

    Returns
    -------
    list of (callable, dict of str to set of str)
        Ids of tracks by name, what counts first in the first: ids, exported names and titles, names
        of files, and those without their number; then the same without case, accents and
        punctuation. With each the function that brings a text into the form of the names.
    """
    shown, titled = track_names(tracks), track_titles(tracks)
    stems = {row.track_id: file_title(row.path) for row in tracks.itertuples()}
    kinds = (
        {track_id: [track_id] for track_id in stems},
        {track_id: [shown[track_id], titled[track_id]] for track_id in stems},
        {
            row.track_id: [row.title or titled[row.track_id], os.path.basename(row.path)]
            for row in tracks.itertuples()
        },
        {track_id: [stem, NUMBER.sub("", stem)] for track_id, stem in stems.items()},
    )
    return [(form, _by_name(kind, form)) for form in (clean_text, slug) for kind in kinds]


def find_tracks(text: str, names: Names) -> set[str]:
    """Find the tracks that a text names.

    Parameters
    ----------
    text : str
        For example "Main Title", "03 main title.flac", or the text of an exported label.
    names : list of (callable, dict)
        From `name_tracks`.

    Returns
    -------
    set of str
        Ids of the tracks: none if no track has the name, several if the name is ambiguous.

    Examples
    --------
    >>> find_tracks("main title!", [(str, {"Main Title": {"t0"}}), (slug, {"main_title": {"t0"}})])
    {'t0'}
    """
    for name in dict.fromkeys((text, POSITION.sub("", text))):
        for form, known in names:
            if tracks := known.get(form(name)):
                return tracks
    return set()


def _by_name(names: Mapping[str, Iterable[str]], form: Callable[[str], str]) -> dict[str, set[str]]:
    tracks = defaultdict(set)
    for track_id, given in names.items():
        for name in given:
            tracks[form(name)].add(track_id)
    return dict(tracks)
