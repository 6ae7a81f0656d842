"""The corrections of the cues, the annotations they are evaluated against, and renditions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scorelens import result_paths
from scorelens.cues.annotations.files import AnnotationFile, list_annotations
from scorelens.cues.corrections.reading import Row, read_corrections
from scorelens.plan.corpus import CorpusPlan


@dataclass(frozen=True)
class CuePlan:
    """How cues are corrected and evaluated, and whether other renditions of tracks are found.

    Parameters
    ----------
    annotations : tuple of AnnotationFile
        Empty if the user brings none.
    has_renditions : bool
        Whether other renditions of the albums' tracks are found in the films.
    corrections : mapping of str to sequence of Row
        The user's corrections by film, also of films that the corpus lacks.
    """

    annotations: tuple[AnnotationFile, ...]
    has_renditions: bool = False
    corrections: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def annotated_films(self) -> set[str]:
        """The films with an annotation."""
        return {file.film_id for file in self.annotations}

    @property
    def annotation_paths(self) -> list[str]:
        """Paths of the files of annotations."""
        return [file.path for file in self.annotations]

    def table(self, film_id: str) -> str:
        """Path of the cues that all results of a film rest on: corrected ones, if there are any.

        Parameters
        ----------
        film_id : str

        Returns
        -------
        str
        """
        is_corrected = film_id in self.corrections
        pattern = result_paths.CORRECTED_CUES if is_corrected else result_paths.MATCHED_CUES
        return pattern.format(film=film_id)


def plan_cues(config: Mapping, corpus: CorpusPlan, note: Callable[[str], None]) -> CuePlan:
    """Read the corrections, list the annotations, and decide whether renditions are found.

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
        With every fault of the file of corrections, or of the folder of annotations and of the
        names of its files.
    """
    folder, file = config["cues"]["annotations"], config["cues"]["corrections"]
    if corpus.is_published:
        for name, path in (("annotations", folder), ("corrections", file)):
            if path:
                note(f"{name} of cues are left out: published features come without films")
        return CuePlan(())
    corrections = read_corrections(file) if file else {}
    for film in sorted(corrections.keys() - corpus.films.keys()):
        note(f"corrections of {film} are not applied: it is no film of the corpus")
    files, ignored = list_annotations(folder, corpus.films) if folder else ([], [])
    for path in ignored:
        note(f"{path} is left out: it is no annotation by its ending")
    return CuePlan(tuple(files), config["cues"]["renditions"]["enabled"], corrections)
