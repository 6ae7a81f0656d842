"""The annotations that the cues are evaluated against, and whether other renditions are found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scorelens.cues.annotations.files import AnnotationFile, list_annotations
from scorelens.plan.corpus import CorpusPlan


@dataclass(frozen=True)
class CuePlan:
    """What the cues are evaluated against, and whether other renditions of tracks are found.

    Parameters
    ----------
    annotations : tuple of AnnotationFile
        Empty if the user brings none.
    has_renditions : bool
        Whether other renditions of the albums' tracks are found in the films.
    """

    annotations: tuple[AnnotationFile, ...]
    has_renditions: bool = False

    @property
    def annotated_films(self) -> set[str]:
        """The films with an annotation."""
        return {file.film_id for file in self.annotations}

    @property
    def annotation_paths(self) -> list[str]:
        """Paths of the files of annotations."""
        return [file.path for file in self.annotations]


def plan_cues(config: Mapping, corpus: CorpusPlan, note: Callable[[str], None]) -> CuePlan:
    """List the annotations of the configuration, and decide whether renditions are found.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.
    note : callable
        Called with one sentence for each thing that is left out.

    Returns
    -------
    CuePlan

    Raises
    ------
    ConfigError
        With every fault of the folder and of the names of its files.
    """
    folder = config["cues"]["annotations"]
    has_renditions = config["cues"]["renditions"]["enabled"] and not corpus.is_published
    if not folder:
        return CuePlan((), has_renditions)
    if corpus.is_published:
        note("annotations of cues are left out: published features come without films")
        return CuePlan(())
    files, ignored = list_annotations(folder, corpus.films)
    for path in ignored:
        note(f"{path} is left out: it is no annotation by its ending")
    return CuePlan(tuple(files), has_renditions)
