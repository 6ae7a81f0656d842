"""What a run makes, decided once from the configuration and the tables that it names.

`make_plan` reads the films, chooses models and networks that can be had, and says why something is
left out. The rules read the plan and change nothing. Imported when the workflow is parsed: light
imports only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorelens import pretrained
from scorelens.corpus.published import published
from scorelens.errors import ConfigError, Problem
from scorelens.plan.corpus import CorpusPlan, plan_corpus
from scorelens.plan.cues import CuePlan, plan_cues
from scorelens.plan.desk import DeskPlan, plan_desk
from scorelens.plan.features import FeaturePlan, plan_features
from scorelens.plan.genres import GenrePlan, plan_genres
from scorelens.plan.music import MusicPlan, plan_music
from scorelens.plan.networks import absent_networks, wanted_models
from scorelens.plan.retrieval import RetrievalPlan, plan_retrieval
from scorelens.plan.scenes import ScenePlan, plan_scenes
from scorelens.plan.tagger import TaggerPlan, plan_tagger
from scorelens.plan.trailers import TrailerPlan, plan_trailers


@dataclass(frozen=True)
class Plan:
    """What a run makes.

    Parameters
    ----------
    config : mapping
        The complete configuration, with the models, networks and searches that the run has.
    corpus, cues, music, features, genres, tagger, retrieval, trailers, scenes, desk
        The plans of the stages.
    networks : tuple of str
        The pretrained networks that the run uses.
    absent_networks : mapping of str to str
        The networks that the configuration names and that cannot be had, and why.
    left_out : tuple of str
        One sentence for each thing that the run does without.
    published_files : mapping of str to list of str
        Paths of the published files of each feature set; empty unless the corpus is published.
    """

    config: Mapping
    corpus: CorpusPlan
    cues: CuePlan
    music: MusicPlan
    features: FeaturePlan
    genres: GenrePlan
    tagger: TaggerPlan
    retrieval: RetrievalPlan
    trailers: TrailerPlan
    scenes: ScenePlan
    desk: DeskPlan
    networks: tuple[str, ...]
    absent_networks: Mapping[str, str]
    left_out: tuple[str, ...]
    published_files: Mapping[str, list[str]]

    @property
    def published_tables(self) -> list[str]:
        """Paths of the published files of all feature sets."""
        return [path for files in self.published_files.values() for path in files]


def make_plan(config: Mapping, warn: Callable[[str], None] = lambda sentence: None) -> Plan:
    """Decide what a run makes.

    Parameters
    ----------
    config : mapping
        The complete configuration (`scorelens.config.complete`). It is not changed.
    warn : callable
        Called with one sentence for each thing that is left out, as soon as that is known: it may
        be the cause of an error that follows.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If a table or a choice of the configuration does not hold.
    """
    left_out: list[str] = []

    def note(sentence: str) -> None:
        left_out.append(sentence)
        warn(sentence)

    corpus = plan_corpus(config)
    sets = (
        _published_sets(config, corpus, note) if corpus.is_published else config["features"]["sets"]
    )
    storage = config["pretrained"]
    pretrained.check_folder(storage["folder"])
    models = wanted_models(config, corpus, sets, note)
    absent = absent_networks(models.networks(), storage["folder"], storage["offline"])
    models = models.without(absent)
    for network, reason in absent.items():
        note(f"{network}, and what needs it, is left out: {reason}")
    features = plan_features(config, corpus, models.feature_sets)
    genres = plan_genres(config, corpus, features, note)
    if genres.importance is None:
        note("importance is left out: the run has no model on a feature set with groups")
    tagger = plan_tagger(config, corpus.kind, models.tagger)
    retrieval = plan_retrieval(config, corpus, models.configurations, note)
    trailers = plan_trailers(config, corpus, models, note)
    return Plan(
        config={
            **config,
            "features": {**config["features"], "sets": list(features.sets)},
            "tagger": {
                **config["tagger"],
                "models": list(tagger.models),
                "primary": tagger.primary,
            },
            "retrieval": retrieval.settings,
            "trailers": trailers.settings,
        },
        corpus=corpus,
        cues=plan_cues(config, corpus, note),
        music=plan_music(config, corpus, note),
        features=features,
        genres=genres,
        tagger=tagger,
        retrieval=retrieval,
        trailers=trailers,
        scenes=plan_scenes(config, corpus, retrieval, trailers),
        desk=plan_desk(config, corpus),
        networks=tuple(models.networks()),
        absent_networks=absent,
        left_out=tuple(left_out),
        published_files={
            name: corpus.published_files(name) for name in (sets if corpus.is_published else ())
        },
    )


def _published_sets(config: Mapping, corpus: CorpusPlan, note: Callable[[str], None]) -> list[str]:
    if config["features"]["level"] == "tracks":
        what = "published features are of cues, not of tracks"
        raise ConfigError(Problem("config: features.level", what, "cues"))
    present, absent = published.split_sets(corpus.published_folder, config["features"]["sets"])
    for name, reason in absent.items():
        note(f"feature set {name} is left out: {reason}")
    note(
        "cues, music, visuals and audiovisual_comparison are left out: "
        "published features come without films"
    )
    return present
