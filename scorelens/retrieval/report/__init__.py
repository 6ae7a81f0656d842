"""The report's section on retrieval."""

from scorelens.retrieval.report.section import retrieval_section

__all__ = ["retrieval_section"]
