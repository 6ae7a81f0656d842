"""What the pages of the desk play."""

from collections.abc import Mapping
from dataclasses import dataclass

from scorelens import result_paths
from scorelens.plan.corpus import CorpusPlan


@dataclass(frozen=True)
class DeskPlan:
    """What the pages of the desk play.

    Parameters
    ----------
    corpus : CorpusPlan
        The films.
    has_previews : bool
        Whether light copies of the films are made.
    """

    corpus: CorpusPlan
    has_previews: bool

    def film_values(self, film_id: str) -> dict:
        """Values of one film for its page: `film_id`, `title`, `year`, `genres`, `video`, ..."""
        film = self.corpus.films[film_id]
        preview = result_paths.PREVIEW.format(film=film_id)
        return {
            "film_id": film_id,
            "title": film.title,
            "year": film.year,
            "genres": list(film.genres),
            "video": preview if self.has_previews else self.corpus.video(film_id),
            "is_preview": self.has_previews,
        }


def plan_desk(config: Mapping, corpus: CorpusPlan) -> DeskPlan:
    """Decide what the pages of the desk play.

    Parameters
    ----------
    config : mapping
        The complete configuration.
    corpus : CorpusPlan
        The films.

    Returns
    -------
    DeskPlan
    """
    return DeskPlan(corpus, config["desk"]["preview"] == "video" and not corpus.is_published)
