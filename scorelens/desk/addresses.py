"""Addresses of media in a page that is opened from the file system."""

import os
from pathlib import Path
from urllib.parse import quote


def media_address(path: str | os.PathLike, folder: str | os.PathLike) -> str:
    """Give the URL of a file for a page in a folder.

    Files below the folder that the workflow runs in are addressed relatively, so that the folder
    may move; others by their whole path.

    Parameters
    ----------
    path : str or os.PathLike
        The file, seen from the working folder.
    folder : str or os.PathLike
        Folder of the page.

    Returns
    -------
    str
        Every character but letters, digits and `-._~/` is percent-encoded.

    Examples
    --------
    >>> media_address('results/corpus/It\\'s 100% #1.mp4', "results/desk/films")
    '../../corpus/It%27s%20100%25%20%231.mp4'
    >>> media_address("/media/\N{CJK UNIFIED IDEOGRAPH-6620}.mkv", "results/desk/films")
    'file:///media/%E6%98%A0.mkv'
    """
    whole = os.path.abspath(path)
    if Path(whole).is_relative_to(os.getcwd()):
        relative = os.path.relpath(whole, folder)
        return quote(relative.replace(os.sep, "/"))
    return Path(whole).as_uri()
