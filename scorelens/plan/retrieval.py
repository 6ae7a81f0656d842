"""Films, models, libraries and searches of retrieval, and what of them can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scorelens import result_paths, retrieval
from scorelens.albums.files import estimate_tracks
from scorelens.corpus.synthesis import demo_plan
from scorelens.plan.corpus import CorpusPlan
from scorelens.plan.features import WHOLE_TRACKS
from scorelens.retrieval.data import films as described_films
from scorelens.retrieval.data.films import FilmDescription
from scorelens.retrieval.demo import demo_plan as retrieval_demo_plan
from scorelens.retrieval.search import search_config
from scorelens.retrieval.search.search_config import Search
from scorelens.tagger.library import Part, find_parts

FIGURES = ("recall", "ablation", "curves")
TRACKS_PER_JOB = 60  # that a job embeds, with its network loaded once
FRAGMENT_ENDINGS = {"musicnn": "parquet", "cnn_transformer": "npz"}


@dataclass(frozen=True)
class RetrievalPlan:
    """The models of retrieval and what they are trained on and searched in.

    Parameters
    ----------
    settings : mapping
        The block `retrieval` of the configuration, with the models and searches of the run.
    corpus : CorpusPlan
        The films of the corpus.
    films : mapping of str to FilmDescription
        The films that have pictures or texts, of the corpus and others, by id.
    batches : tuple of tuple of str
        Ids of films; a job loads its network once for the tracks of all films of a batch.
    search_model : str
        The model that answers searches and is evaluated on scenes; empty without models.
    searches : tuple of Search
        The searches of the configuration, or of the demo.
    library_parts : mapping of str to Part
        Parts of the libraries that can be searched, by name.
    """

    settings: Mapping
    corpus: CorpusPlan
    films: Mapping[str, FilmDescription]
    batches: tuple[tuple[str, ...], ...] = ()
    search_model: str = ""
    searches: tuple[Search, ...] = ()
    library_parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def configurations(self) -> list[str]:
        """The models that are trained."""
        return self.settings["configurations"]

    @property
    def uses_images(self) -> bool:
        """Whether a model takes the pictures of films."""
        return any(map(retrieval.uses_image, self.configurations))

    @property
    def uses_texts(self) -> bool:
        """Whether a model takes the tags or plots of films."""
        return any(map(retrieval.text_segment, self.configurations))

    @property
    def uses_musicnn(self) -> bool:
        """Whether tracks are embedded by MusiCNN, and not by a network that is trained here."""
        return self.settings["audio"] == "musicnn"

    @property
    def fragment_ending(self) -> str:
        """Ending of the files of embedded fragments."""
        return FRAGMENT_ENDINGS[self.settings["audio"]]

    @property
    def text_segments(self) -> list[str]:
        """The texts that models take: tags, the plot, or both together."""
        segments = set()
        for name in self.configurations:
            words = [part for part in retrieval.CONFIGURATIONS[name] if part != "image"]
            segments |= {words[0], words[-1], "_".join(words)} if words else set()
        return sorted(segments)

    @property
    def film_parts(self) -> list[str]:
        """The parts of films that models take; a film needs them all. Each is the name of a model.

        Another model of the same parts leaves the films, and the other models, as they are.
        """
        parts = {part for name in self.configurations for part in retrieval.CONFIGURATIONS[name]}
        return sorted(parts)

    @property
    def film_rows(self) -> list[dict]:
        """What the table of films holds of each besides its embeddings."""
        columns = ("film_id", "title", "year", "tags", "groups")
        return [{key: getattr(film, key) for key in columns} for film in self.films.values()]

    @property
    def pictures(self) -> dict[str, str]:
        """Path of the picture of each film that has one."""
        return {film.film_id: film.image for film in self.films.values() if film.image}

    @property
    def plots(self) -> list[str | None]:
        """Path of the plot of each film, or None."""
        return [film.plot for film in self.films.values()]

    @property
    def demo_files(self) -> list[str]:
        """Paths of the files of the demo of retrieval; empty for a table of the user's."""
        if not self.films or self.settings["films"]:
            return []
        return retrieval_demo_plan.demo_files(list(self.corpus.films.values()), self.corpus.seed)

    @property
    def split_settings(self) -> dict:
        """What the split of the films depends on: years, or shares."""
        split = self.settings["split"]
        keys = ("last_training", "first_test")
        if not split["last_training"]:
            keys = ("last_training", "training", "validation")
        return {key: split[key] for key in keys}

    @property
    def has_scenes(self) -> bool:
        """Whether the scenes of films are embedded: by a model that takes pictures, with videos."""
        return bool(
            self.configurations
            and not self.corpus.is_published
            and retrieval.uses_image(self.search_model)
            and self.has_corpus_films
        )

    @property
    def has_corpus_films(self) -> bool:
        """Whether a film of retrieval is in the corpus, and in a group there."""
        return any(map(self.is_of_corpus, self.films))

    def is_of_corpus(self, film_id: str) -> bool:
        """Whether a film of retrieval is in the corpus, with sound and picture."""
        return film_id in self.corpus.films and not self.corpus.is_published

    def in_corpus(self, batch: tuple[str, ...]) -> list[str]:
        """Those of some films that are in the corpus."""
        return [film for film in batch if self.is_of_corpus(film)]

    def training_settings(self, configuration: str) -> dict:
        """The part of the configuration that the training of a model depends on."""
        settings = dict(self.settings["training"])
        if configuration != retrieval.BASELINE:
            del settings["margin"]
        return settings

    def known_features(self, film_id: str) -> str | None:
        """Path of the MusiCNN features of a film's tracks, if another rule measures them."""
        is_known = self.uses_musicnn and self.is_of_corpus(film_id)
        path = result_paths.FEATURES.format(set=f"musicnn{WHOLE_TRACKS}", film=film_id)
        return path if is_known else None

    def needs_musicnn(self, batch: tuple[str, ...]) -> bool:
        """Whether a batch has a film of whose tracks no other rule has MusiCNN features."""
        return self.uses_musicnn and not all(map(self.known_features, batch))

    def album_files(self, batch: tuple[str, ...]) -> list[list[str]]:
        """The files of the album of each film of a batch; none for films of the corpus."""
        return [
            [] if self.is_of_corpus(film) else list(self.films[film].album.files) for film in batch
        ]

    def outside_files(self, batch: tuple[str, ...]) -> list[str]:
        """The files of the albums of those of some films that are outside the corpus."""
        return [path for files in self.album_files(batch) for path in files]

    def test_films(self) -> set[str]:
        """The films that may be test films, and so have their scenes evaluated."""
        split = self.settings["split"]
        first = split["first_test"] if split["last_training"] else 0
        return {film.film_id for film in self.films.values() if film.year >= first}

    @property
    def subtitles(self) -> dict[str, str]:
        """Path of the subtitles of each film of the corpus that may be a test film and has some."""
        return {
            film: self.films[film].subtitles
            for film in sorted(self.test_films())
            if self.is_of_corpus(film) and self.films[film].subtitles
        }

    @property
    def search_reads_texts(self) -> bool:
        """Whether the model that answers searches takes tags or plots."""
        return bool(retrieval.text_segment(self.search_model))

    @property
    def search_reads_subtitles(self) -> bool:
        """Whether that model takes what is spoken in scenes."""
        has_subtitles = any(film.subtitles for film in self.films.values())
        return self.search_reads_texts and has_subtitles

    @property
    def query_files(self) -> list[str]:
        """Paths of the files that the searches name."""
        return [path for search in self.searches for path in search.files]

    @property
    def query_networks(self) -> dict[str, list[str]]:
        """The network that encodes what the searches name, if one is needed: image, text, audio."""
        parts = {part for search in self.searches for part in search.parts}
        has_new_tracks = any(search.track and not search.known for search in self.searches)
        is_needed = {
            "image": "image" in parts,
            "text": bool({"tags", "plot"} & parts),
            "audio": has_new_tracks and self.uses_musicnn,
        }
        return {kind: [self.settings[kind]] if need else [] for kind, need in is_needed.items()}

    def library_paths(self, ending: str) -> list[str]:
        """Paths of what is written of the parts of the libraries."""
        return [
            result_paths.RETRIEVAL_LIBRARY.format(library=part.library, part=name, ending=ending)
            for name, part in self.library_parts.items()
        ]


def plan_retrieval(
    config: Mapping,
    corpus: CorpusPlan,
    configurations: tuple[str, ...],
    note: Callable[[str], None],
) -> RetrievalPlan:
    """Read the films, libraries and searches of retrieval.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films of the corpus.
    configurations : tuple of str
        The models that the tables and the networks allow.
    note : callable
        Called with one sentence for each thing that is left out.

    Returns
    -------
    RetrievalPlan
        Empty if there is no model.

    Raises
    ------
    ConfigError
        With every fault of the table of films, or of all libraries, or of all searches.
    """
    settings = {**config["retrieval"], "configurations": list(configurations)}
    films = _read_films(settings, corpus, config["seed"])
    plan = RetrievalPlan(settings, corpus, films)
    if not configurations:
        return plan
    parts = find_parts(settings["libraries"], "config: retrieval.libraries")
    model = search_config.choose_configuration(
        settings["configurations"], settings["search"]["configuration"]
    )
    if _has_demo_searches(settings, corpus):
        film_s = config["corpus"]["demo"]["film_s"]
        settings["searches"] = _demo_searches(model, films, list(corpus.films), film_s)
    videos = {} if corpus.is_published else {film: corpus.video(film) for film in corpus.films}
    searches = search_config.read_searches(settings, list(films.values()), videos)
    plan = RetrievalPlan(settings, corpus, films, _batches(plan), model, tuple(searches), parts)
    if not plan.has_scenes and any(film.subtitles for film in films.values()):
        note(f"subtitles are ignored: {model}, the model of the searches, takes no image")
    return plan


def _read_films(settings: Mapping, corpus: CorpusPlan, seed: int) -> dict[str, FilmDescription]:
    if not settings["configurations"]:
        return {}
    known = {} if corpus.is_published else corpus.films
    if settings["films"]:
        films = described_films.read_films(settings["films"], known)
    else:
        films = retrieval_demo_plan.demo_films(list(known.values()), seed)
    return {film.film_id: film for film in films}


def _batches(plan: RetrievalPlan) -> tuple[tuple[str, ...], ...]:
    """Films in batches of about TRACKS_PER_JOB tracks; one that `skip` may leave out is alone."""
    batches: list[list[str]] = []
    tracks = TRACKS_PER_JOB
    for film in plan.films.values():
        is_alone = plan.corpus.skips_bad_films and plan.is_of_corpus(film.film_id)
        if tracks >= TRACKS_PER_JOB or is_alone:
            batches.append([])
            tracks = 0
        batches[-1].append(film.film_id)
        if is_alone:
            tracks += TRACKS_PER_JOB
        elif plan.known_features(film.film_id):
            tracks += 1
        else:
            tracks += estimate_tracks(film.album.files)
    return tuple(map(tuple, batches))


def _has_demo_searches(settings: Mapping, corpus: CorpusPlan) -> bool:
    return corpus.kind == "demo" and not settings["searches"] and not settings["films"]


def _demo_searches(
    model: str, films: Mapping[str, FilmDescription], corpus: list[str], film_s: float
) -> dict[str, dict]:
    """The searches of the demo, as far as the model takes what they name."""
    first, *_, last = corpus
    searches = {
        "a_brief": {
            "text": "Two strangers meet by the sea and fall in love.",
            "tags": ["love story", "tender"],
        },
        "a_poster_and_a_tag": {"image": films[first].image, "tags": ["haunted"]},
        "a_scene": {"film": first, "time_s": film_s / 3},
        "more_like_this": {"track": f"{last}/{demo_plan.DEMO_TRACKS[2]}"},
    }
    parts = retrieval.CONFIGURATIONS[model]
    keys = {"track", *(key for key, part in search_config.KEYS.items() if part in parts)}
    return {name: query for name, query in searches.items() if set(query) - {"time_s"} <= keys}
