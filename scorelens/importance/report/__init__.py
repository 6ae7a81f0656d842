"""The report's section on permutation feature importance."""

from scorelens.importance.report.section import importance_section

__all__ = ["importance_section"]
