"""Prepare a page of the results for being served: its policy, its media, where it saves."""

import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

POLICY_ELEMENT = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
DATA_ELEMENT = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
HASH = re.compile(r"'sha256-[\w+/=]+'", re.ASCII)
HEAD = 4000  # characters, in which the policy and the element `html` stand


@dataclass(frozen=True)
class ServedPage:
    """A page as it is sent.

    Parameters
    ----------
    text : str
        The page without its own policy, which is for files.
    policy : str
        For the header Content-Security-Policy.
    media : frozenset of str
        Whole paths of the media that its data name.
    """

    text: str
    policy: str
    media: frozenset[str]


def prepare_page(path: str, saves: str) -> ServedPage:
    """Read a page and prepare it.

    Parameters
    ----------
    path : str
        Whole path of the page.
    saves : str
        Address at which pages of the desk save verdicts.

    Returns
    -------
    ServedPage
    """
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, rest = text[:HEAD], text[HEAD:]
    own = POLICY_ELEMENT.search(head)
    head = POLICY_ELEMENT.sub("", head, count=1)
    head = head.replace("<html ", f'<html data-saves="{html.escape(saves)}" ', 1)
    data = DATA_ELEMENT.search(text)
    media = named_media(json.loads(data[1]), os.path.dirname(path)) if data else ()
    return ServedPage(
        head + rest, served_policy(html.unescape(own[1]) if own else ""), frozenset(media)
    )


def served_policy(own: str = "") -> str:
    """State what a served page may load: from this server alone.

    Parameters
    ----------
    own : str
        The policy in the page. Of it only the hashes of the page's own script and style count.

    Returns
    -------
    str

    Examples
    --------
    >>> served_policy("script-src 'sha256-AbC=' https://example.org").split("; ")[1]
    "script-src 'self' 'sha256-AbC='"
    """
    rules = dict(rule.partition(" ")[::2] for rule in own.split("; "))
    return "; ".join(
        [
            "default-src 'none'",
            *(
                " ".join([f"{name} 'self'", *HASH.findall(rules.get(name, ""))])
                for name in ("script-src", "style-src")
            ),
            "img-src 'self' data: blob:",
            "media-src 'self'",
            "connect-src 'self'",
            *(f"{name} 'none'" for name in ("base-uri", "form-action", "frame-ancestors")),
        ]
    )


def named_media(data: object, folder: str) -> Iterator[str]:
    """Find the files that the data of a page name.

    Parameters
    ----------
    data : object
        Of JSON. Files stand under `address` (URLs) and `path` (paths, or lists of paths, as seen
        from `home` beside them).
    folder : str
        Folder of the page, from which relative addresses count.

    Yields
    ------
    str
        Whole paths.

    Examples
    --------
    >>> list(named_media([{"address": "../a%20b.mp4"}, {"home": "/m", "path": ["x.wav"]}], "/r/d"))
    ['/r/a b.mp4', '/m/x.wav']
    """
    if isinstance(data, list):
        for value in data:
            if isinstance(value, dict | list):
                yield from named_media(value, folder)
        return
    address, named = data.get("address"), data.get("path", ())
    if isinstance(address, str) and address:
        parts = urlsplit(address)
        if parts.scheme in ("", "file"):
            yield _whole(unquote(parts.path), folder)
    for path in [named] if isinstance(named, str) else named:
        if isinstance(path, str):
            yield _whole(path, data.get("home") or folder)
    for value in data.values():
        if isinstance(value, dict | list):
            yield from named_media(value, folder)


def _whole(path: str, folder: str) -> str:
    return os.path.normpath(os.path.join(folder, path))
