"""What the sections of the report share: the run they read, templates, number formats, figures.

Every stage makes its sections in a sub-package `report` of its own; `scorelens.report` lays them
out on one page.
"""

from scorelens.sections.run import Run
from scorelens.sections.section import Section, render_section

__all__ = ["Run", "Section", "render_section"]
