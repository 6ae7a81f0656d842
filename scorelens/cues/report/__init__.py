"""The report's sections on the cues: timelines, scores, and the film overview."""

from scorelens.cues.report.section import film_overview_section, scores_section, timelines_section

__all__ = ["film_overview_section", "scores_section", "timelines_section"]
