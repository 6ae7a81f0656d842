"""Which files are served: pages of the results, and the media that these pages name."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

# In the folder of the results. No other result is served.
PAGES = (
    "report.html",
    "desk/index.html",
    "desk/given.js",
    "desk/films/*.html",
    "desk/assets/*.css",
    "desk/assets/*.js",
    "genres/contradictions.html",
    "retrieval/searches.html",
    "tagger/libraries/*.html",
)
PAGE_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# A page can make known media alone, whatever it names.
MEDIA_TYPES = {
    **dict.fromkeys((".mp4", ".m4v"), "video/mp4"),
    **dict.fromkeys((".webm",), "video/webm"),
    **dict.fromkeys((".mkv", ".mk3d"), "video/x-matroska"),
    **dict.fromkeys((".mov", ".qt"), "video/quicktime"),
    **dict.fromkeys((".mpg", ".mpeg", ".vob", ".m2v"), "video/mpeg"),
    **dict.fromkeys((".ts", ".m2ts", ".mts"), "video/mp2t"),
    **dict.fromkeys((".avi", ".divx"), "video/x-msvideo"),
    **dict.fromkeys((".ogv",), "video/ogg"),
    **dict.fromkeys((".wmv", ".asf"), "video/x-ms-wmv"),
    **dict.fromkeys((".flv",), "video/x-flv"),
    **dict.fromkeys((".mp3", ".mp2", ".mp1"), "audio/mpeg"),
    **dict.fromkeys((".m4a", ".m4b", ".m4r"), "audio/mp4"),
    **dict.fromkeys((".aac",), "audio/aac"),
    **dict.fromkeys((".flac",), "audio/flac"),
    **dict.fromkeys((".ogg", ".oga", ".opus", ".spx"), "audio/ogg"),
    **dict.fromkeys((".wav", ".wave", ".rf64"), "audio/wav"),
    **dict.fromkeys((".aif", ".aiff", ".aifc"), "audio/aiff"),
    **dict.fromkeys((".mka",), "audio/x-matroska"),
    **dict.fromkeys((".wma",), "audio/x-ms-wma"),
    **dict.fromkeys((".ac3", ".eac3", ".dts", ".ape", ".wv", ".tta", ".mpc"), "audio/x-other"),
    **dict.fromkeys((".jpg", ".jpeg"), "image/jpeg"),
    **dict.fromkeys((".png",), "image/png"),
    **dict.fromkeys((".webp",), "image/webp"),
}


class Catalogue:
    """The files that are served.

    Parameters
    ----------
    results : Path
        The results, without symbolic links.
    """

    def __init__(self, results: Path) -> None:
        self.results = results
        self.media: set[str] = set()

    def add_media(self, files: Iterable[str]) -> None:
        """Make media known.

        Parameters
        ----------
        files : iterable of str
            Whole paths; those that have not the ending of a medium are left out.
        """
        self.media.update(path for path in files if _ending(path) in MEDIA_TYPES)

    def media_type(self, path: str) -> str:
        """Give the content type of a file that is served, by its whole path.

        Returns
        -------
        str
            Empty if the file is not served or not there.
        """
        if path in self.media:
            return MEDIA_TYPES[_ending(path)] if os.path.isfile(path) else ""
        return PAGE_TYPES[_ending(path)] if self.is_page(path) else ""

    def is_page(self, path: str) -> bool:
        """Whether a whole path is that of a page, style or script of the results."""
        inside = path.removeprefix(f"{self.results}/")
        names = inside.split("/")
        if inside == path or {"", ".", ".."} & {*names} or "\0" in path:
            return False
        pattern_lengths = {pattern: pattern.count("/") + 1 for pattern in PAGES}
        if not any(
            length == len(names) and PurePosixPath(inside).match(pattern)
            for pattern, length in pattern_lengths.items()
        ):
            return False
        # A link out of the results is none of them.
        real = os.path.realpath(path)
        return os.path.isfile(real) and real.startswith(f"{self.results}/")

    def pages(self, pattern: str) -> list[Path]:
        """Give the pages of a pattern that are there, sorted.

        Parameters
        ----------
        pattern : str
            One of PAGES.
        """
        return sorted(path for path in self.results.glob(pattern) if self.is_page(str(path)))


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()
