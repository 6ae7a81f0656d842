"""The report's section on the tagger."""

from scorelens.tagger.report.section import tagger_section

__all__ = ["tagger_section"]
