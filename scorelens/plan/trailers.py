"""Trailers of a run, the models trained on them, and the films that are compared with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scorelens import trailers
from scorelens.plan.corpus import CorpusPlan
from scorelens.plan.networks import Models
from scorelens.trailers import FUSION, MODEL_SPECS, PICTURE, SOUND, YEAR, modality_run
from scorelens.trailers import batches as trailer_batches
from scorelens.trailers import runs as trailer_runs
from scorelens.trailers.data import table as trailer_table
from scorelens.trailers.data.label_filter import trainable_genres
from scorelens.trailers.data.table import Trailer, bare_title, join_titles
from scorelens.trailers.demo import demo_plan as trailer_plan

TRAILERS_PER_JOB = 60  # or somewhat more, that a job samples, or embeds with its network
Run = tuple[str, str]  # network, model


@dataclass(frozen=True)
class TrailerPlan:
    """The models of trailers and what they are trained on.

    Parameters
    ----------
    settings : mapping
        The block `trailers` of the configuration, with the models and networks of the run.
    corpus : CorpusPlan
        The films of the corpus.
    trailers : mapping of str to Trailer
        The trailers by id; empty without models.
    runs : tuple of (str, str)
        Network and model of each.
    genres : tuple of str
        The genres that models can be trained on with these trailers.
    """

    settings: Mapping
    corpus: CorpusPlan
    trailers: Mapping[str, Trailer]
    runs: tuple[Run, ...]
    genres: tuple[str, ...] = field(default=())

    @property
    def table(self) -> str:
        """Path of the table of trailers: the user's, or the demo's."""
        return self.settings["trailers"] or trailer_plan.TABLE

    @property
    def demo_videos(self) -> list[str]:
        """Paths of the trailers of the demo; empty for a table of the user's."""
        is_demo = not self.settings["trailers"]
        return [trailer.video for trailer in self.trailers.values()] if is_demo else []

    def videos(self, batch: list[str]) -> dict[str, str]:
        """Path of each trailer of a batch."""
        return {name: self.trailers[name].video for name in batch}

    @cached_property
    def film_titles(self) -> dict[str, str]:
        """Titles of the films of the corpus that may be those of trailers, by film id."""
        bare = {bare_title(trailer.title) for trailer in self.trailers.values()}
        titles = {film: self.corpus.films[film].title for film in self.corpus.ordered_films}
        return {film: title for film, title in titles.items() if bare_title(title) in bare}

    @property
    def needs_film_groups(self) -> bool:
        """Whether titles may be grouped by the films of the corpus: by their titles or a name."""
        has_names = any(trailer.groups for trailer in self.trailers.values())
        return bool(self.film_titles or (has_names and self.corpus.group_names))

    @property
    def scene_network(self) -> str:
        """The network that embeds the scenes of films; empty without one for frames."""
        return next(iter(self.settings["frame_networks"]), "")

    @cached_property
    def batches(self) -> dict[int, list[str]]:
        """Ids of trailers by the number of their batch."""
        return trailer_batches(self.trailers, TRAILERS_PER_JOB)

    @property
    def compared_runs(self) -> list[Run]:
        """The runs that stand for the picture and for the sound; empty unless there are both."""
        runs = [modality_run(modality, self.runs) for modality in (PICTURE, SOUND)]
        return runs if all(runs) else []

    @property
    def has_fusion(self) -> bool:
        """Whether picture and sound are fused."""
        return (trailers.NO_NETWORK, FUSION) in self.runs

    @property
    def drawn_trailers(self) -> list[str]:
        """Ids of the trailers of which moments may be drawn; empty unless there are both runs."""
        return list(self.trailers) if self.compared_runs else []

    @property
    def figures(self) -> list[str]:
        """Names of the figures of `results/trailers`."""
        return (
            ["modalities", "scores", "examples"] if self.compared_runs else ["modalities", "scores"]
        )

    @property
    def compares_films(self) -> bool:
        """Whether the scenes of the films are compared with trailers.

        A model of the picture must be trained on trailers that share a genre with the films, and
        both must be the user's, or both the demo's.
        """
        genres = {genre for film in self.corpus.films.values() for genre in film.genres}
        return bool(
            "frame_linear" in self.settings["models"]
            and not self.corpus.is_published
            and genres & {*self.genres}
            and self.corpus.can_learn_genres
            and bool(self.settings["trailers"]) == (self.corpus.kind != "demo")
        )

    def model_settings(self, model: str) -> dict:
        """The part of the configuration that the training of a model depends on."""
        keys = ("genres", "folds", *MODEL_SPECS[model].settings)
        return {key: self.settings[key] for key in keys}


def plan_trailers(
    config: Mapping, corpus: CorpusPlan, models: Models, note: Callable[[str], None]
) -> TrailerPlan:
    """Read the trailers and choose the models.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films of the corpus.
    models : Models
        What the tables and the networks allow.
    note : callable
        Called with one sentence for each thing that is left out.

    Returns
    -------
    TrailerPlan

    Raises
    ------
    ConfigError
        With every fault of the table, or if the fusion lacks what it fuses.
    TableError
        If there are too few trailers to train on.
    """
    settings = {
        **config["trailers"],
        "models": list(models.trailers),
        "frame_networks": list(models.frame_networks),
        "sound_networks": list(models.sound_networks),
    }
    known = _read_trailers(settings, corpus, config["seed"])
    if YEAR in models.trailers and not any(trailer.year for trailer in known.values()):
        note("year, a baseline of trailers, is left out: no trailer of the table has a year")
        settings["models"].remove(YEAR)
    return TrailerPlan(
        settings=settings,
        corpus=corpus,
        trailers=known,
        genres=tuple(_trainable(known, settings["genres"]) if known else ()),
        runs=tuple(trailer_runs(settings["models"], models.frame_networks, models.sound_networks)),
    )


def _trainable(trailers: Mapping[str, Trailer], genres: list[str]) -> list[str]:
    """The genres as far as groups are known without the films: training may know of fewer."""
    rows = [*trailers.values()]
    return trainable_genres(rows, genres, join_titles(rows))


def _read_trailers(settings: Mapping, corpus: CorpusPlan, seed: int) -> dict[str, Trailer]:
    if not settings["models"]:
        return {}
    if settings["trailers"]:
        rows = trailer_table.read_trailers(settings["trailers"], settings["genres"])
    else:
        rows = trailer_plan.demo_trailers(list(corpus.films.values()), settings["genres"], seed)
    return {trailer.trailer_id: trailer for trailer in rows}
