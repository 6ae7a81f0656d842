"""The report's section on music, speech and singing in the sound of the films."""

from scorelens.music.report.section import music_section

__all__ = ["music_section"]
