"""Scenes of the films of a run: the image networks that embed them, and the batches of films."""

from collections.abc import Mapping
from dataclasses import dataclass

from scorelens.plan.corpus import CorpusPlan
from scorelens.plan.features import film_batches
from scorelens.plan.retrieval import RetrievalPlan
from scorelens.plan.trailers import TrailerPlan


@dataclass(frozen=True)
class ScenePlan:
    """What is embedded of the scenes of the films.

    Parameters
    ----------
    batches : tuple of (str, tuple of str)
        Image network and ids of films of each job, which loads its network once.
    """

    batches: tuple[tuple[str, tuple[str, ...]], ...]


def plan_scenes(
    config: Mapping, corpus: CorpusPlan, retrieval: RetrievalPlan, trailers: TrailerPlan
) -> ScenePlan:
    """Choose the films whose scenes are embedded, once for retrieval and trailers.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    retrieval : RetrievalPlan
        Evaluates the scenes of test films.
    trailers : TrailerPlan
        Compares the scenes of all films with trailers.

    Returns
    -------
    ScenePlan
    """
    films: dict[str, list[str]] = {}
    if retrieval.has_scenes:
        tested = retrieval.test_films()
        films[retrieval.settings["image"]] = [film for film in corpus.films if film in tested]
    if trailers.compares_films:
        films[trailers.scene_network] = list(corpus.films)
    return ScenePlan(
        tuple(
            (network, batch)
            for network, names in films.items()
            for batch in film_batches(config, corpus, names)
        )
    )
