"""The report's sections on the cues: timelines, corrections, albums, scores, annotations, films."""

from scorelens.cues.report.annotations import annotations_section
from scorelens.cues.report.corrections import corrections_section
from scorelens.cues.report.music import music_section
from scorelens.cues.report.renditions import renditions_section
from scorelens.cues.report.section import film_overview_section, scores_section, timelines_section

__all__ = [
    "annotations_section",
    "corrections_section",
    "film_overview_section",
    "music_section",
    "renditions_section",
    "scores_section",
    "timelines_section",
]
