"""The report's section on the corpus."""

from scorelens.corpus.report.section import corpus_section

__all__ = ["corpus_section"]
