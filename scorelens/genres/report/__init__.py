"""The report's sections on the genre models: scores, predictions, odd cues, new media."""

from scorelens.genres.report.contradictions import contradictions_section
from scorelens.genres.report.models import models_section
from scorelens.genres.report.new_media import new_media_section
from scorelens.genres.report.predictions import predictions_section

__all__ = ["contradictions_section", "models_section", "new_media_section", "predictions_section"]
