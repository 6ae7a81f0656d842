"""What a search is made with, and what it gives. Plain values."""

from dataclasses import dataclass, field

ANY_FILM, NO_FILM = "any", "none"  # of `Filters.used_in`
Range = tuple[float | None, float | None]
EVERYTHING: Range = (None, None)


@dataclass(frozen=True)
class Filters:
    """Which tracks may be hits. A track that lacks a value fails every filter of it.

    Parameters
    ----------
    tempo_bpm, loudness_db, length_s : (float or None, float or None)
        Lowest and highest value, both included; None for no bound.
    key : str
        `A minor`, `A`, or `minor`; empty for any.
    speech, singing : {"", "with", "without"}
        Share of the described minute with it, one half or more being `with`.
    genres : tuple of str
        One of them is among the genres of the track, without regard to case.
    used_in : str
        Id of a film whose cues have the track, `any`, `none`; empty for no matter.
    library : str
        Empty for all.
    """

    tempo_bpm: Range = EVERYTHING
    loudness_db: Range = EVERYTHING
    length_s: Range = EVERYTHING
    key: str = ""
    speech: str = ""
    singing: str = ""
    genres: tuple[str, ...] = ()
    used_in: str = ""
    library: str = ""


@dataclass(frozen=True)
class Like:
    """Music that hits should resemble.

    Parameters
    ----------
    source : str
        Id of a track in the index, or the path of a file.
    start_s, end_s : float or None
        The passage in the track, s; None for its start and its end.
    """

    source: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class Moment:
    """A moment of a film of the run: its id, and the time in s."""

    film_id: str
    time_s: float


@dataclass(frozen=True)
class Query:
    """A search: any mix of parts, one at least.

    Parameters
    ----------
    words : str
        Parts between commas count alike.
    tags : tuple of str
        Tags of MusiCNN by name; any other is taken for words.
    image : str
        Path of a picture; empty for none.
    like : Like or None
    moment : Moment or None
    filters : Filters
    limit : int
        Hits at most.
    """

    words: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    like: Like | None = None
    moment: Moment | None = None
    filters: Filters = field(default_factory=Filters)
    limit: int = 20


@dataclass(frozen=True)
class Hit:
    """A track that was found.

    Parameters
    ----------
    track_id, title, artist, album, library, path : str
        The track; the path is that of its file.
    file_start_s : float
        Start of the track in its file, s.
    start_s : float
        Start of the best passage in the track, s.
    score : float
        Mean standard score over the parts of the search: 0 is the mean of all tracks, 1 is one
        standard deviation above it.
    why : str
        Which model answered, and by what.
    length_s, tempo_bpm, loudness_db, speech, singing : float or None
    key : str
    genres, used_in : tuple of str
        Genre tags of the file; films whose cues have the track.
    """

    track_id: str
    title: str
    artist: str
    album: str
    library: str
    path: str
    file_start_s: float
    start_s: float
    score: float
    why: str
    length_s: float | None = None
    tempo_bpm: float | None = None
    loudness_db: float | None = None
    speech: float | None = None
    singing: float | None = None
    key: str = ""
    genres: tuple[str, ...] = ()
    used_in: tuple[str, ...] = ()
