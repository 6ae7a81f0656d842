"""The report's sections on the cues: timelines, albums, scores, annotations, film overview."""

from scorelens.cues.report.annotations import annotations_section
from scorelens.cues.report.music import music_section
from scorelens.cues.report.section import film_overview_section, scores_section, timelines_section

__all__ = [
    "annotations_section",
    "film_overview_section",
    "music_section",
    "scores_section",
    "timelines_section",
]
