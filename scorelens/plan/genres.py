"""Genre models of a run, their figures, the new media they are applied to, and who is compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorelens import audiovisual_comparison, genres, importance
from scorelens.genres import BASELINES, MODELS, NETWORKS
from scorelens.genres.new_media import new_media_config
from scorelens.genres.new_media.new_media_config import NewMedia
from scorelens.genres.registry import CUES, LENGTH, LOUDNESS, MODEL_SPECS, NOISE, YEAR
from scorelens.plan.corpus import CorpusPlan
from scorelens.plan.features import FRAMES, FeaturePlan, measured_set

Run = tuple[str, str]  # feature set, model
TRAINED_MODELS = tuple(model for model in MODELS if model not in BASELINES)
# Width of the embedding layers of the paper's best networks on each feature set (Table 4).
PAPER_HIDDEN = {"mir": 64, "vggish": 128}
OTHER_HIDDEN = 64  # on a feature set that the paper does not have
MAX_NAMED = 5  # films without genres in a message
LOUDNESS_SET = "mir"  # the feature set whose level is the loudness of a film's music


@dataclass(frozen=True)
class GenrePlan:
    """The genre models of a run and what is made of them.

    Parameters
    ----------
    runs : tuple of (str, str)
        Feature set and model of each, the baselines first.
    folds : int
        Films, or groups of films, that are held out in turn.
    primary : (str, str) or None
        Feature set and model of the headline; None if it is not trained.
    baseline_bags : mapping of str to str
        The set of bags that a baseline takes its loudness or its width from.
    chunks : int
        Jobs over which the folds of a model are spread.
    media : mapping of str to NewMedia
        New films and albums by name.
    applied : (str, str) or None
        Feature set and model that new media are given to; None without new media.
    importance : (str, str) or None
        Feature set and model whose groups of features are ranked; None if none has groups.
    compared : (str, str) or None
        Feature set and model whose predictions are compared with the picture; None without models.
    """

    runs: tuple[Run, ...]
    folds: int
    primary: Run | None
    baseline_bags: Mapping[str, str]
    chunks: int
    media: Mapping[str, NewMedia]
    applied: Run | None
    importance: Run | None
    compared: Run | None

    @property
    def baseline_runs(self) -> list[Run]:
        """The runs of baselines, which use no music."""
        return [run for run in self.runs if run[1] in BASELINES]

    @property
    def trained_runs(self) -> list[Run]:
        """The runs that use the music: all but the baselines."""
        return [run for run in self.runs if run[1] not in BASELINES]

    @property
    def network_runs(self) -> list[Run]:
        """The runs of neural networks."""
        return [run for run in self.runs if run[1] in NETWORKS]

    @property
    def explained_runs(self) -> list[Run]:
        """The networks whose weights of cues are drawn: those of single attention, or else all.

        References
        ----------
        Ma et al. 2021: the attention weights of this model are the ones meant for inspection.
        """
        attention = [run for run in self.network_runs if run[1] == "single_attention"]
        return attention or self.network_runs

    @property
    def shown_run(self) -> Run | None:
        """The one model whose predictions of cues are held against the labels of their film.

        It is named before any score is known: the primary model, or else the one nearest to the
        paper's best. None if nothing is trained.
        """
        if self.primary or not self.trained_runs:
            return self.primary
        return audiovisual_comparison.choose_run(self.trained_runs, None, None)

    @property
    def figures(self) -> list[str]:
        """Names of the figures of `results/genres`."""
        names = ["scores", "genres"] if self.runs else []
        if self.trained_runs:
            names += ["precision_recall", "films", "label_sets"]
        return [*names, "losses"] if self.network_runs else names

    @property
    def applied_features(self) -> str:
        """The feature set that is measured on new media; empty without new media."""
        return measured_set(self.applied[0]) if self.applied else ""


def plan_genres(
    config: Mapping, corpus: CorpusPlan, features: FeaturePlan, note: Callable[[str], None]
) -> GenrePlan:
    """Choose the genre models of a run.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    features : FeaturePlan
        The bags that the models are trained on.
    note : callable
        Called with one sentence for each baseline that is left out, for the films without genres,
        and for all models if fewer than two films have genres.

    Returns
    -------
    GenrePlan

    Raises
    ------
    ConfigError
        If new media cannot be read, or if a model is chosen that the run does not train.
    """
    settings = config["genres"]
    labelled = len(corpus.films_with_genres)
    _note_films_without_genres(corpus, note)
    wanted = settings["models"] if corpus.can_learn_genres else []
    models = _known_models(wanted, corpus, features.bag_sets, note)
    runs = genre_runs(models, features.bag_sets)
    primary = primary_run(runs, settings["primary"], settings["primary_features"])
    media = new_media_config.find_media(settings["apply"]["media"])
    applied = None
    if media:
        wanted = settings["apply"]["feature_set"], settings["apply"]["model"]
        applied = new_media_config.choose_run(runs, *wanted)
    ranked, compared = config["importance"], config["audiovisual_comparison"]
    folds = min(settings["folds"] or labelled, labelled)
    return GenrePlan(
        runs=tuple(runs),
        folds=folds,
        primary=primary,
        baseline_bags=_baseline_bags(models, features.bag_sets, primary),
        # With `skip` a film may turn out bad: its chunk is then smaller, at worst empty.
        chunks=-(-folds // settings["folds_per_chunk"]),
        media=media,
        applied=applied,
        importance=importance.choose_run(runs, ranked["feature_set"], ranked["model"]),
        compared=audiovisual_comparison.choose_run(runs, compared["feature_set"], compared["model"])
        if runs
        else None,
    )


def genre_runs(models: list[str], bag_sets: tuple[str, ...]) -> list[Run]:
    """The feature set and model of every model to train.

    Parameters
    ----------
    models : list of str
        Models of the configuration. Baselines need no features.
    bag_sets : tuple of str
        Sets of instances.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> genre_runs(["plurality", "imv_knn"], ("mir", "mir_frames"))
    [('none', 'plurality'), ('mir', 'imv_knn'), ('mir_frames', 'imv_knn')]
    """
    baselines = [(genres.NO_FEATURES, model) for model in models if model in BASELINES]
    trained = [model for model in models if model not in BASELINES]
    return baselines + [(instances, model) for instances in bag_sets for model in trained]


def primary_run(runs: list[Run], model: str, feature_set: str) -> Run | None:
    """Choose the run of the headline, before any score is known.

    Parameters
    ----------
    runs : list of (str, str)
        Feature set and model of everything that is trained.
    model, feature_set : str
        The primary model of the configuration, and its feature set.

    Returns
    -------
    (str, str) or None
        The model on the feature set, on cues before frames, or else on the first set of bags; None
        if the model is not trained: no other takes its part.

    Examples
    --------
    >>> runs = [("mir", "max_pooling"), ("vggish", "max_pooling"), ("mir", "imv_knn")]
    >>> primary_run(runs, "max_pooling", "vggish"), primary_run(runs, "imv_knn", "vggish")
    (('vggish', 'max_pooling'), ('mir', 'imv_knn'))
    """
    fitting = [run for run in runs if run[1] == model]
    of_set = [run for run in fitting if measured_set(run[0]) == feature_set]
    on_cues = [run for run in of_set if not run[0].endswith(FRAMES)]
    return next(iter(on_cues or of_set or fitting), None)


def _note_films_without_genres(corpus: CorpusPlan, note: Callable[[str], None]) -> None:
    labelled = corpus.films_with_genres
    bare = sorted(set(corpus.films) - set(labelled))
    if not corpus.can_learn_genres:
        note(
            "genre models and audiovisual_comparison are left out: they need two films with "
            f"genres; {len(labelled)} of {len(corpus.films)} have some"
        )
    elif bare:
        named = ", ".join(bare[:MAX_NAMED]) + (", ..." if bare[MAX_NAMED:] else "")
        note(f"genre models and tagger do without {len(bare)} films that have no genre: {named}")


def _known_models(
    models: list[str],
    corpus: CorpusPlan,
    bag_sets: tuple[str, ...],
    note: Callable[[str], None],
) -> list[str]:
    """The models without the baselines whose input the corpus does not have."""
    lacking = {}
    if not any(film.year for film in corpus.films.values()):
        lacking[YEAR] = "no film of the table has a year"
    if corpus.is_published:
        lacking[LENGTH] = "published features come without albums"
    if LOUDNESS_SET not in map(measured_set, bag_sets):
        lacking[LOUDNESS] = f"the run has no feature set {LOUDNESS_SET}"
    for model in models:
        if MODEL_SPECS[model].inputs in lacking:
            reason = lacking[MODEL_SPECS[model].inputs]
            note(f"{model}, a baseline of the genre models, is left out: {reason}")
    return [model for model in models if MODEL_SPECS[model].inputs not in lacking]


def _baseline_bags(
    models: list[str], bag_sets: tuple[str, ...], primary: Run | None
) -> dict[str, str]:
    """Loudness is measured in one feature set; random features have the primary model's width."""
    loud = [name for name in bag_sets if measured_set(name) == LOUDNESS_SET]
    by_input = {LOUDNESS: next(iter(loud), ""), NOISE: primary[0] if primary else bag_sets[0]}
    inputs = {model: MODEL_SPECS[model].inputs for model in models}
    return {model: by_input[kind] for model, kind in inputs.items() if kind in by_input}


def model_settings(settings: Mapping, bag_set: str, model: str) -> dict:
    """Return the settings of one model on one set of bags.

    Parameters
    ----------
    settings : mapping
        The block `genres` of the configuration.
    bag_set, model : str
        A set of bags and a model that is trained.

    Returns
    -------
    dict
        The model's block of the configuration; for a network with the width of its layers as one
        number, for a vote of frames with `frames_per_film`.

    Examples
    --------
    >>> model_settings({"network": {"hidden": {"vggish": 128}}}, "vggish", "max_pooling")
    {'hidden': 128}
    >>> model_settings({"network": {"hidden": 32}}, "vggish_frames", "max_pooling")
    {'hidden': 32}
    """
    chosen = dict(settings[MODELS[model]])
    if model in NETWORKS:
        chosen["hidden"] = _hidden_width(chosen["hidden"], measured_set(bag_set))
    elif bag_set.endswith(FRAMES) and MODEL_SPECS[model].inputs == CUES:
        chosen["frames_per_film"] = settings["frames_per_film"]
    return chosen


def _hidden_width(hidden: int | Mapping[str, int], feature_set: str) -> int:
    if isinstance(hidden, int):
        return hidden
    return (PAPER_HIDDEN | dict(hidden)).get(feature_set, OTHER_HIDDEN)
