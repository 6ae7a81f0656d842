"""The report's section on trailers."""

from scorelens.trailers.report.section import trailers_section

__all__ = ["trailers_section"]
