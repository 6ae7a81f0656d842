"""The report's sections on the genre models: scores, predictions, films and albums outside."""

from scorelens.genres.report.models import models_section
from scorelens.genres.report.new_media import new_media_section
from scorelens.genres.report.predictions import predictions_section

__all__ = ["models_section", "new_media_section", "predictions_section"]
