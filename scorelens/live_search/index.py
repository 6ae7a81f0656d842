"""The index in memory: passages of all tracks, and the answer to a search.

Each part of a search gives every track a score; scores are standardised over all tracks, whatever
the filters, and averaged, so that parts weigh the same. Words are compared with the mean of a
track's passages, since tags are true of whole tracks; likeness takes the best passages.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np

from scorelens.errors import ConfigError, Problem, closest
from scorelens.live_search.bridge import Bridge, Meaning, standardised_logits
from scorelens.live_search.catalogue import SEPARATOR, Catalogue
from scorelens.live_search.filtering import passing
from scorelens.live_search.likeness import fit_space, track_likeness
from scorelens.live_search.query import Hit, Like, Query
from scorelens.live_search.run_films import Films
from scorelens.live_search.tags import TAGS
from scorelens.live_search.trained import Trained

BLOCK = 65_536  # passages whose logits are computed at once
PASSAGE_S = 9.92
OPTIONAL = ("length_s", "tempo_bpm", "loudness_db", "speech", "singing")


@dataclass(frozen=True)
class Networks:
    """What turns queries into numbers; each is loaded when it is first called.

    Attributes
    ----------
    bridge : callable
        Gives the Bridge.
    sound : callable
        Takes a path, start and end in s (None for the end), and returns the embeddings of the
        passages there, float32 (n, 200).
    words : str
        Title of the network of the bridge's words.
    """

    bridge: Callable[[], Bridge]
    sound: Callable[[str, float, float | None], np.ndarray]
    words: str = "MiniLM"


@dataclass(frozen=True)
class Answer:
    """What one part of a search says of every track.

    Attributes
    ----------
    tracks : ndarray, shape (tracks,)
    passages : callable
        Takes rows of passages, gives their scores.
    why : str
    """

    tracks: np.ndarray
    passages: Callable[[slice], np.ndarray]
    why: str


@dataclass
class Index:
    """Passages of all tracks, ready for searches.

    Parameters
    ----------
    catalogue : Catalogue
        One track at least.
    tag_layer : (ndarray, ndarray)
        Kernel (200, 50) and bias (50,) of MusiCNN's tags.
    networks : Networks
    films : Films
    trained : Trained or None
        The model of retrieval that beats the bridge, if there is one.
    joint : Trained or None
        The joint network of the settings, which answers words before all others.
    """

    catalogue: Catalogue
    tag_layer: tuple[np.ndarray, np.ndarray]
    networks: Networks
    films: Films = field(default_factory=Films)
    trained: Trained | None = None
    joint: Trained | None = None

    def __post_init__(self) -> None:
        values = self.catalogue.values
        kernel, bias = self.tag_layer
        starts = range(0, len(values), BLOCK)
        blocks = [values[s : s + BLOCK].astype(np.float32) @ kernel + bias for s in starts]
        self.tags, *_ = standardised_logits(np.concatenate(blocks))
        counts = np.bincount(self.catalogue.track, minlength=len(self.catalogue))
        self.firsts = np.cumsum(counts) - counts
        self.counts = counts
        self.track_tags = np.add.reduceat(self.tags, self.firsts) / counts[:, None]
        self.space = fit_space(values)
        self.placed = np.concatenate([self.space.place(values[s : s + BLOCK]) for s in starts])
        tracks = self.catalogue.tracks
        parts = zip(tracks["path"], tracks["file_start_s"].round(2), strict=True)
        self.parts = {part: row for row, part in enumerate(parts)}
        uses = self.films.uses()
        self.used_in = [uses.get(part, ()) for part in self.parts]
        self.rows = {track_id: row for row, track_id in enumerate(tracks["track_id"])}
        self._lock, self._bridge = Lock(), None

    def __len__(self) -> int:
        return len(self.catalogue)

    def bridge(self) -> Bridge:
        """The bridge, loaded once."""
        with self._lock:
            self._bridge = self._bridge or self.networks.bridge()
            return self._bridge

    def search(self, query: Query) -> list[Hit]:
        """Answer a search.

        Parameters
        ----------
        query : Query

        Returns
        -------
        list of Hit
            The best first; a track that the search names is not among them.

        Raises
        ------
        ConfigError
            If the search has no part, names what is not there, or has impossible filters.
        MediaError
            If a file does not decode.
        """
        allowed = passing(self.catalogue.tracks, self.used_in, query.filters)
        answers, own_rows = self._answers(query)
        allowed[own_rows] = False
        scores = np.mean([standardised(answer.tracks) for answer in answers], axis=0)
        rows = np.flatnonzero(allowed)
        if len(rows) > query.limit:
            rows = rows[np.argpartition(-scores[rows], query.limit)[: query.limit]]
        rows = rows[np.lexsort((rows, -scores[rows]))]
        return [self._hit(row, scores[row], answers) for row in rows]

    def page_data(self) -> dict:
        """What the page of the search needs: libraries, genres, keys, films, tags and models."""
        tracks = self.catalogue.tracks
        genres = {g for text in tracks["genres"].unique() for g in text.split(SEPARATOR) if g}
        return {
            "tracks": len(self),
            "libraries": sorted(tracks["library"].unique()),
            "genres": sorted(genres),
            "keys": sorted(key for key in tracks["key"].unique() if key),
            "has_speech": bool(tracks["speech"].notna().any()),
            "films": self.films.titles,
            "tags": list(TAGS),
            "models": self.models(),
        }

    def models(self) -> dict[str, str]:
        """Which model answers which part of a search."""
        trained = f"trained model {self.trained.name}" if self.trained else ""
        bridge = f"bridge (MusiCNN's tags, {self.networks.words}'s words)"
        joint = f"joint network {self.joint.name}" if self.joint else ""
        sees = self.trained.parts if self.trained else ()
        return {
            "words": joint or (trained if "text" in sees else bridge),
            "image": trained if "image" in sees else "",
            "like": "likeness (MusiCNN's embeddings of passages)",
        }

    def _answers(self, query: Query) -> tuple[list[Answer], list[int]]:
        """The answers to the parts of a search, and the rows of the tracks that it names."""
        answers, own_rows = self._word_answers(query.words, query.tags), []
        if query.image:
            answers.append(self._image_answer(query.image))
        if query.like:
            answer, rows = self._like_answer(query.like)
            answers.append(answer)
            own_rows += rows
        if query.moment:
            answer, rows = self._moment_answer(query.moment.film_id, query.moment.time_s)
            answers.append(answer)
            own_rows += rows
        if not answers:
            where, what = "search", "has no part"
            expected = "words, tags, a picture, music to be like, or a moment of a film"
            raise ConfigError(Problem(where, what, expected))
        return answers, own_rows

    def _word_answers(self, words: str, tags: tuple[str, ...]) -> list[Answer]:
        """Words by the joint network, or the trained model if it sees texts, or else by the bridge.

        Tags alone are answered by the bridge.
        """
        if self.joint and words:
            scores = self.joint.tracks @ self.joint.of_words(words, tags)
            return [_without_passages(scores, f"joint: network {self.joint.name}")]
        if self.trained and "text" in self.trained.parts and words:
            return [self._trained_answer(self.trained.of_words(words, tags))]
        meaning = self.bridge().meaning(words, tags) if words or tags else None
        return [self._bridge_answer(meaning)] if meaning else []

    def _bridge_answer(self, meaning: Meaning) -> Answer:
        weights = meaning.weights.astype(np.float32)
        return Answer(
            self.track_tags @ weights, lambda rows: self.tags[rows] @ weights, meaning.why
        )

    def _trained_answer(self, query: np.ndarray) -> Answer:
        return _without_passages(self.trained.tracks @ query, f"trained: model {self.trained.name}")

    def _image_answer(self, path: str) -> Answer:
        if not self.trained or "image" not in self.trained.parts:
            what = "no model here can answer a picture"
            expected = "a model of retrieval that sees pictures and beats the bridge"
            hint = "describe the picture in words, or run retrieval on described films"
            raise ConfigError(Problem(path, what, expected, hint))
        return self._trained_answer(self.trained.of_image(path))

    def _like_answer(self, like: Like) -> tuple[Answer, list[int]]:
        row = self.rows.get(like.source)
        if row is None and os.path.isfile(like.source):
            row = self.parts.get((str(Path(like.source).resolve()), 0.0))
        own_rows = [] if row is None else [row]
        if row is not None and (like.start_s is None and like.end_s is None):
            wanted = self.placed[self._passages(row)]
        else:
            path, offset_s, length_s = self._locate(like, row)
            start_s = offset_s + (like.start_s or 0.0)
            end_s = length_s if like.end_s is None else offset_s + like.end_s
            values = self.networks.sound(path, start_s, end_s)
            if not len(values):
                what = "is silent there"
                raise ConfigError(Problem(like.source, what, "a passage with music"))
            wanted = self.space.place(values)
        name = self._title(row) if row is not None else Path(like.source).name
        return self._likeness(wanted, f"likeness: {name}"), own_rows

    def _locate(self, like: Like, row: int | None) -> tuple[str, float, float | None]:
        """Path, start of the track in its file, and its end in the file."""
        if like.start_s is not None and like.end_s is not None and like.end_s <= like.start_s:
            what = f"the passage ends at {like.end_s:g} s and starts at {like.start_s:g} s"
            raise ConfigError(Problem(like.source, what, "an end after the start"))
        if row is not None:
            track = self.catalogue.tracks.iloc[row]
            end_s = track["file_end_s"]
            return track["path"], track["file_start_s"], None if np.isnan(end_s) else end_s
        if not os.path.isfile(like.source):
            what, expected = "is neither a file nor a track of the index", "one of the two"
            hint = closest(like.source, list(self.rows)[:10_000])
            raise ConfigError(Problem(like.source, what, expected, hint))
        return like.source, 0.0, None

    def _likeness(self, wanted: np.ndarray, why: str) -> Answer:
        scores = track_likeness(self.placed, self.firsts, wanted)
        return Answer(scores, lambda rows: (self.placed[rows] @ wanted.T).mean(1), why)

    def _moment_answer(self, film_id: str, time_s: float) -> tuple[Answer, list[int]]:
        """Like the passage of the album that plays then; without one, by the film's genres."""
        cue = self.films.cue_at(film_id, time_s)
        row = self.parts.get(cue[0]) if cue else None
        title = self.films.titles[film_id]
        if row is not None:
            rows = self._passages(row)
            start_s = self.catalogue.start_s[rows]
            nearest = rows.start + int(np.abs(start_s + PASSAGE_S / 2 - cue[1]).argmin())
            why = f"likeness: what plays in {title} then, {self._title(row)}"
            return self._likeness(self.placed[nearest : nearest + 1], why), [row]
        genres = self.films.genres.get(film_id, ())
        meaning = self.bridge().meaning(", ".join(genres))
        if not meaning:
            what = f"no track of the index plays at {time_s:g} s, and the film has no genres"
            raise ConfigError(Problem(title, what, "a moment with a cue", "say it in words"))
        why = f"{meaning.why}; no cue plays then, by the genres of {title}"
        return self._bridge_answer(Meaning(meaning.weights, why)), []

    def _passages(self, row: int) -> slice:
        return slice(self.firsts[row], self.firsts[row] + self.counts[row])

    def _title(self, row: int) -> str:
        return self.catalogue.tracks["title"].iat[row]

    def _hit(self, row: int, score: float, answers: list[Answer]) -> Hit:
        rows = self._passages(row)
        best = rows.start + int(np.sum([answer.passages(rows) for answer in answers], 0).argmax())
        track: Mapping = self.catalogue.tracks.iloc[row].to_dict()
        texts = ("track_id", "title", "artist", "album", "library", "path", "key")
        return Hit(
            **{name: track[name] for name in texts},
            **{name: None if np.isnan(track[name]) else track[name] for name in OPTIONAL},
            file_start_s=track["file_start_s"],
            start_s=float(self.catalogue.start_s[best]),
            score=float(score),
            why=" + ".join(answer.why for answer in answers),
            genres=tuple(filter(None, track["genres"].split(SEPARATOR))),
            used_in=self.used_in[row],
        )


def _without_passages(scores: np.ndarray, why: str) -> Answer:
    """The answer of a model that knows tracks as a whole."""
    return Answer(scores, lambda rows: np.zeros(rows.stop - rows.start), why)


def standardised(scores: np.ndarray) -> np.ndarray:
    """Scores less their mean, in standard deviations; 0 where all are equal.

    Examples
    --------
    >>> standardised(np.array([1.0, 3.0])).tolist(), standardised(np.array([2.0, 2.0])).tolist()
    ([-1.0, 1.0], [0.0, 0.0])
    """
    deviation = scores.std()
    return (scores - scores.mean()) / (deviation if deviation > 1e-9 else 1.0)
