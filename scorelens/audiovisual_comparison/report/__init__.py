"""The report's section on the comparison of music and picture."""

from scorelens.audiovisual_comparison.report.section import audiovisual_comparison_section

__all__ = ["audiovisual_comparison_section"]
