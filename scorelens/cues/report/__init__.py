"""The report's sections on the cues: timelines, scores, annotations, and the film overview."""

from scorelens.cues.report.annotations import annotations_section
from scorelens.cues.report.section import film_overview_section, scores_section, timelines_section

__all__ = ["annotations_section", "film_overview_section", "scores_section", "timelines_section"]
