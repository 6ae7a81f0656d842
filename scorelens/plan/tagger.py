"""Models of the tagger, and the music libraries that the final one tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from scorelens import result_paths
from scorelens.corpus.synthesis import demo_plan
from scorelens.ids import slug
from scorelens.tagger import MODEL_SPECS, MODELS
from scorelens.tagger import library as music_library
from scorelens.tagger.library import Part

# The demo composes a library: two pieces a genre, of no film.
DEMO_PIECES = {
    f"{slug(genre)}_{number}.flac": genre for genre in demo_plan.GENRES for number in (1, 2)
}
FIGURES = ("ranking", "genres", "confusions", "profiles")


@dataclass(frozen=True)
class TaggerPlan:
    """The models of the tagger and what they tag.

    Parameters
    ----------
    models : tuple of str
        Models that are trained.
    settings : mapping
        The block `tagger` of the configuration.
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
    shown_model: str
    libraries: Mapping[str, str]
    parts: Mapping[str, Part]
    library_model: str

    def model_settings(self, model: str) -> dict:
        """The part of the configuration that one model depends on."""
        keys = ("genres", "min_tracks", "split", "folds", *MODEL_SPECS[model].settings)
        return {key: self.settings[key] for key in keys}

    def embedding(self, model: str) -> str:
        """The network whose embeddings a model takes; empty if it takes none."""
        return self.settings["embedding"] if MODELS[model] == "embedding" else ""

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
    trained = [model for model in models if MODELS[model]]
    order = list(MODELS).index
    chosen = settings["apply"]["model"]
    libraries = settings["libraries"]
    parts = music_library.find_parts(libraries)
    if kind == "demo" and not libraries and trained:
        libraries = {"demo": result_paths.DEMO_LIBRARY}
        parts = {"demo": Part("demo", result_paths.DEMO_LIBRARY, tuple(DEMO_PIECES))}
    return TaggerPlan(
        models=models,
        settings=settings,
        shown_model=chosen or max(trained or models, key=order, default=""),
        libraries=libraries,
        parts=parts,
        library_model=music_library.choose_model(models, chosen) if libraries else "",
    )
