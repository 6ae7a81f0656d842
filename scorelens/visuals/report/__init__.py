"""The report's section on the visual statistics."""

from scorelens.visuals.report.section import visuals_section

__all__ = ["visuals_section"]
