"""Models of a run whose pretrained networks can be had, and the networks that these need."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scorelens import pretrained, result_paths, retrieval
from scorelens.albums.files import estimate_tracks
from scorelens.encoders.registry import ENCODERS
from scorelens.plan.corpus import CorpusPlan
from scorelens.tagger import MODELS
from scorelens.tagger.label_filter import AlbumLabels, trainable_genres
from scorelens.tagger.registry import EMBEDDING, YEAR
from scorelens.trailers import FUSED, FUSION, NEED_NETWORK, networks_of


@dataclass(frozen=True)
class Models:
    """The feature sets, models and networks of a run.

    Parameters
    ----------
    feature_sets : tuple of str
        Feature sets that are measured, without the ending of whole tracks.
    needs_feature_weights : bool
        False for published features, which no network of the run computes.
    tagger : tuple of str
        Models of the tagger.
    tagger_embedding : str
        Network of those models of the tagger that take embeddings.
    configurations : tuple of str
        Models of retrieval.
    retrieval_networks : mapping of str to str
        Network by what it encodes: "audio", "image", "text".
    trailers : tuple of str
        Models of trailers.
    frame_networks, sound_networks : tuple of str
        Networks that the models of trailers stand on.
    """

    feature_sets: tuple[str, ...]
    needs_feature_weights: bool
    tagger: tuple[str, ...]
    tagger_embedding: str
    configurations: tuple[str, ...]
    retrieval_networks: Mapping[str, str]
    trailers: tuple[str, ...]
    frame_networks: tuple[str, ...]
    sound_networks: tuple[str, ...]

    def networks(self) -> list[str]:
        """The pretrained networks that these need, each once, in the order of the stages."""
        names = [*self.feature_sets] if self.needs_feature_weights else []
        if any(MODELS[model] == EMBEDDING for model in self.tagger):
            names.append(self.tagger_embedding)
        if self.configurations:
            names.append(self.retrieval_networks["audio"])
        if any(map(retrieval.uses_image, self.configurations)):
            names.append(self.retrieval_networks["image"])
        if any(map(retrieval.text_segment, self.configurations)):
            names.append(self.retrieval_networks["text"])
        for model in self.trailers:
            names += self._networks_of_trailers(model)
        return [name for name in dict.fromkeys(names) if name in ENCODERS]

    def without(self, absent: Mapping[str, str]) -> "Models":
        """These without the networks that cannot be had, and without what needs them.

        Parameters
        ----------
        absent : mapping of str to str
            Networks that cannot be had, and why.

        Returns
        -------
        Models
        """
        left = replace(
            self,
            feature_sets=_left(self.feature_sets, absent),
            frame_networks=_left(self.frame_networks, absent),
            sound_networks=_left(self.sound_networks, absent),
            configurations=tuple(
                name for name in self.configurations if not self._lacks_network(name, absent)
            ),
        )
        if self.tagger_embedding in absent:
            models = tuple(name for name in self.tagger if MODELS[name] != EMBEDDING)
            left = replace(left, tagger=models)
        return replace(left, trailers=left._trailers_with_networks())

    def _lacks_network(self, configuration: str, absent: Mapping[str, str]) -> bool:
        return (
            self.retrieval_networks["audio"] in absent
            or (retrieval.uses_image(configuration) and self.retrieval_networks["image"] in absent)
            or bool(
                retrieval.text_segment(configuration) and self.retrieval_networks["text"] in absent
            )
        )

    def _networks_of_trailers(self, model: str) -> list[str]:
        return networks_of(model, self.frame_networks, self.sound_networks)

    def _trailers_with_networks(self) -> tuple[str, ...]:
        """The models of trailers without those that no network is left for."""
        models = [
            model
            for model in self.trailers
            if model not in NEED_NETWORK or self._networks_of_trailers(model)
        ]
        if {*FUSED} & {*self.trailers} - {*models}:
            models = [model for model in models if model != FUSION]
        return tuple(models)


def wanted_models(
    config: Mapping,
    corpus: CorpusPlan,
    feature_sets: Sequence[str],
    note: Callable[[str], None],
) -> Models:
    """The models of the configuration that can be trained on the corpus and the tables.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    feature_sets : sequence of str
        Feature sets of the run.
    note : callable
        Called with one sentence for each thing that is left out.

    Returns
    -------
    Models
        Whether their networks can be had is not checked here.
    """
    settings = config["retrieval"]
    return Models(
        feature_sets=tuple(feature_sets),
        needs_feature_weights=not corpus.is_published,
        tagger=_tagger_models(config["tagger"], corpus, note),
        tagger_embedding=config["tagger"]["embedding"],
        configurations=_configurations(settings, corpus, note),
        retrieval_networks={kind: settings[kind] for kind in ("audio", "image", "text")},
        trailers=_trailer_models(config["trailers"], corpus),
        frame_networks=tuple(config["trailers"]["frame_networks"]),
        sound_networks=tuple(config["trailers"]["sound_networks"]),
    )


def absent_networks(names: Sequence[str], folder: str | None, offline: bool) -> dict[str, str]:
    """The networks that cannot be had.

    Parameters
    ----------
    names : sequence of str
        Networks that the run needs.
    folder : str or None
        The user's folder of published files.
    offline : bool
        Whether nothing may be fetched.

    Returns
    -------
    dict of str to str
        Network -> why it cannot be had, and what to do.
    """
    reasons = {
        name: pretrained.reason_absent(name, folder, offline, result_paths.PRETRAINED_DOWNLOADS)
        for name in names
        if not os.path.isfile(result_paths.PRETRAINED_VARIABLES.format(network=name))
    }
    return {name: reason for name, reason in reasons.items() if reason}


def _left(names: Sequence[str], absent: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in absent)


def _tagger_models(
    settings: Mapping, corpus: CorpusPlan, note: Callable[[str], None]
) -> tuple[str, ...]:
    """All models of the tagger, or none if the corpus has too few tracks of two genres."""
    if corpus.is_published:
        return ()
    labels: dict = {}
    for film in corpus.films.values():
        key = corpus.known_groups[film.film_id], film.album
        labels.setdefault(key, set()).update(film.genres)
    albums = [
        AlbumLabels(group, genres, estimate_tracks(album.files))
        for (group, album), genres in labels.items()
    ]
    genres = trainable_genres(settings["genres"], albums, settings["min_tracks"])
    if len(genres) > 1 or not settings["models"]:
        return _with_known_inputs(settings["models"], corpus, note)
    note(
        "the tagger is left out: it needs two genres of tagger.genres or more, each with "
        f"{settings['min_tracks']} tracks (tagger.min_tracks) of two groups of films or more; "
        f"the corpus has: {', '.join(genres) or 'none'}"
    )
    return ()


def _with_known_inputs(
    models: Sequence[str], corpus: CorpusPlan, note: Callable[[str], None]
) -> tuple[str, ...]:
    """The models without that of the year, if no film has one."""
    if all(film.year is None for film in corpus.films.values()):
        left_out = [model for model in models if MODELS[model] == YEAR]
        for model in left_out:
            note(f"{model}, a baseline of the tagger, is left out: no film of the table has a year")
        return tuple(model for model in models if model not in left_out)
    return tuple(models)


def _configurations(
    settings: Mapping, corpus: CorpusPlan, note: Callable[[str], None]
) -> tuple[str, ...]:
    if settings["films"] or corpus.kind == "demo":
        return tuple(settings["configurations"])
    if settings["searches"] or settings["libraries"]:
        note(
            "retrieval.searches and retrieval.libraries are ignored: "
            "retrieval.films names no table of films to train on"
        )
    return ()


def _trailer_models(settings: Mapping, corpus: CorpusPlan) -> tuple[str, ...]:
    return tuple(settings["models"]) if settings["trailers"] or corpus.kind == "demo" else ()
