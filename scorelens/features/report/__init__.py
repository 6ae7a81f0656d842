"""The report's section on the features of the music."""

from scorelens.features.report.section import features_section

__all__ = ["features_section"]
