"""Models of the tagger, and the music libraries that the final one tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from scorelens import result_paths
from scorelens.corpus.synthesis import demo_plan
from scorelens.ids import slug
from scorelens.tagger import BASELINES, MODEL_SPECS, MODELS, WITH_CURVES
from scorelens.tagger import library as music_library
from scorelens.tagger.library import Part
from scorelens.tagger.registry import EMBEDDING

# The demo composes a library: two pieces a genre, of no film.
DEMO_PIECES = {
    f"{slug(genre)}_{number}.flac": genre for genre in demo_plan.GENRES for number in (1, 2)
}


@dataclass(frozen=True)
class TaggerPlan:
    """The models of the tagger and what they tag.

    Parameters
    ----------
    models : tuple of str
        Models that are trained.
    settings : mapping
        The block `tagger` of the configuration.
    primary : str
        The model of the headline; empty if it is not trained.
    shown_model : str
        The model whose tags are drawn over time; empty without models.
    libraries : mapping of str to str
        Folder of each library by its name.
    parts : mapping of str to Part
        Parts of the libraries by name, one a job.
    library_model : str
        The model that tags libraries; empty without libraries.
    """

    models: tuple[str, ...]
    settings: Mapping
    primary: str
    shown_model: str
    libraries: Mapping[str, str]
    parts: Mapping[str, Part]
    library_model: str

    @property
    def with_curves(self) -> tuple[str, ...]:
        """The models that have networks trained from scratch, and so curves of their losses."""
        return tuple(model for model in self.models if model in WITH_CURVES)

    def model_settings(self, model: str) -> dict:
        """The part of the configuration that one model depends on."""
        keys = ("genres", "min_tracks", "split", "folds", *MODEL_SPECS[model].settings)
        return {key: self.settings[key] for key in keys}

    def embedding(self, model: str) -> str:
        """The network whose embeddings a model takes; empty if it takes none."""
        return self.settings["embedding"] if MODELS[model] == EMBEDDING else ""

    def parts_of(self, library: str) -> list[str]:
        """The names of the parts of a library."""
        return [name for name, part in self.parts.items() if part.library == library]


def plan_tagger(config: Mapping, kind: str, models: tuple[str, ...]) -> TaggerPlan:
    """Find the libraries and choose the model that tags them.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    kind : str
        Kind of the corpus; the demo comes with a library.
    models : tuple of str
        Models that the corpus and the networks allow.

    Returns
    -------
    TaggerPlan

    Raises
    ------
    ConfigError
        If a library cannot be read, or if the model that should tag it is not trained.
    """
    settings = config["tagger"]
    trained = [model for model in models if model not in BASELINES]
    order = list(MODELS).index
    chosen = settings["apply"]["model"]
    primary = settings["primary"] if settings["primary"] in models else ""
    libraries = settings["libraries"]
    parts = music_library.find_parts(libraries)
    if kind == "demo" and not libraries and trained:
        libraries = {"demo": result_paths.DEMO_LIBRARY}
        parts = {"demo": Part("demo", result_paths.DEMO_LIBRARY, tuple(DEMO_PIECES))}
    return TaggerPlan(
        models=models,
        settings=settings,
        primary=primary,
        shown_model=primary or max(trained or models, key=order, default=""),
        libraries=libraries,
        parts=parts,
        library_model=music_library.choose_model(models, chosen) if libraries else "",
    )
