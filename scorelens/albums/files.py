"""The files of an album, listed when the workflow is parsed, and the albums that are one.

What a file is, is for its content to say, at job time. Here only that is left out which lies in
many albums and is no music by its very name. Light imports only.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from scorelens.albums.endings import AUDIO_ENDINGS, CUE, QUIET_ENDINGS, QUIET_FOLDERS, QUIET_NAMES
from scorelens.ids import slug, unique_ids

NAMELESS = "track"  # of a name in which no letter or digit is
SHORTENED = 40  # letters of a file's id before the number and title of one of its tracks
SPOTS, SPOT_BYTES = 9, 4096  # looked at in files of two albums that may be copies
TRACK_LINE = re.compile(rb"^\s*TRACK\s+\d+\s+AUDIO", re.I | re.M)


class Listing(NamedTuple):
    """The files below a folder, sorted by their path.

    inside: their paths as seen from the folder. sizes: in bytes. faults: paths of what cannot be
    used, and why: broken links, names that are no text, folders that may not be read.
    """

    folder: str
    inside: tuple[str, ...]
    sizes: tuple[int, ...]
    faults: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files."""
        return tuple(os.path.join(self.folder, path) for path in self.inside)


class Album(NamedTuple):
    """An album: its id, the same for all its copies, and the folder and files of one of them."""

    album_id: str
    folder: str
    files: tuple[str, ...]


NO_ALBUM = Album("", "", ())


def list_files(folder: str | os.PathLike) -> list[str]:
    """The files below a folder that may be music, and CUE sheets, sorted by path.

    Links to files and folders are followed, and no folder counts twice. Hidden files, pictures,
    texts, playlists, logs, checksums and what systems leave behind are passed over.
    """
    return list(scan(folder).files)


def scan(folder: str | os.PathLike) -> Listing:
    """`list_files` with sizes, and with what cannot be used. Nothing of a folder that is none."""
    folder = os.fspath(folder)
    found: list[tuple[str, int]] = []
    faults: list[tuple[str, str]] = []
    if os.path.isdir(folder):
        _scan(folder, "", {_identity(folder)}, found, faults)
    found.sort()
    return Listing(
        folder, tuple(path for path, _ in found), tuple(size for _, size in found), tuple(faults)
    )


def is_quiet(name: str) -> bool:
    """Whether a file's name says that it is no music, and needs no word about it.

    >>> [is_quiet(name) for name in ("Cover.JPG", "._01.flac", "LICENSE", "01 Theme", "bonus.zip")]
    [True, True, True, False, False]
    """
    plain = name.lower()
    return name[0] == "." or plain in QUIET_NAMES or os.path.splitext(plain)[1] in QUIET_ENDINGS


def says_audio(path: str) -> bool:
    """Whether the ending of a file says that it is audio."""
    return os.path.splitext(path)[1].lower() in AUDIO_ENDINGS


def is_cue(path: str) -> bool:
    """Whether the ending of a file says that it is a CUE sheet."""
    return os.path.splitext(path)[1].lower() == CUE


def estimate_tracks(files: Collection[str]) -> int:
    """About how many tracks some files hold, from their number and from the CUE sheets among them.

    Which of them are music is known once they have been opened.
    """
    sheets = [path for path in files if is_cue(path)]
    in_sheets = sum(_count_in_sheet(path) for path in sheets)
    return max(len(files) - len(sheets), in_sheets)


def likely_ids(album: Album) -> list[str]:
    """The ids of an album's tracks as far as the names of its files tell.

    A track of a file of several begins with the first letters of the file's; see `may_be_track`.
    """
    files = [path for path in album.files if not is_cue(path)]
    inside = [os.path.splitext(os.path.relpath(path, album.folder))[0] for path in files]
    return unique_ids(inside, NAMELESS)


def may_be_track(track_id: str, ids: Collection[str]) -> bool:
    """Whether a track of an album may have an id, by its `likely_ids`.

    >>> [may_be_track(own, ["side_a", "bonus"]) for own in ("side_a", "bonus_02_sea", "side_b")]
    [True, True, False]
    """
    return any(track_id == own or track_id.startswith(f"{own[:SHORTENED]}_") for own in ids)


def find_albums(listings: Mapping[str, Listing], known: Collection[str] = ()) -> dict[str, Album]:
    """The album of each folder; folders that are the same, or copies, have one.

    A copy has files of the same names and sizes, and the same bytes at `SPOTS` places of each. Only
    then are files opened. The id is made of the path, as seen from the working directory, of one of
    the copies, so that it stays as files come and go: the one whose id is among `known`, the ids of
    earlier runs, else the first by path.

    Parameters
    ----------
    listings
        Folder to what `scan` finds in it.
    known
        Ids of albums that results are there of.
    """
    homes = defaultdict(list)  # real path -> the folders that lead there, itself first
    for folder in sorted(listings, key=lambda path: (_real(path) != os.path.abspath(path), path)):
        homes[_real(folder)].append(folder)
    found = {}
    for group in _copies({home: listings[folders[0]] for home, folders in homes.items()}):
        ids = {home: _album_id(home) for home in group}
        home = min(group, key=lambda home: (ids[home] not in known, home))
        folder = homes[home][0]
        album = Album(ids[home], folder, listings[folder].files)
        found |= dict.fromkeys((own for home in group for own in homes[home]), album)
    return found


def _scan(top: str, inside: str, seen: set, found: list, faults: list) -> None:
    """What is below the folder `inside` of `top`; folders themselves before links to folders."""
    try:
        with os.scandir(os.path.join(top, inside)) as entries:
            entries = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError as error:
        faults.append((os.path.join(top, inside), f"cannot be read ({error.strerror})"))
        return
    for entry in entries:
        path = os.path.join(inside, entry.name)
        if entry.is_dir():
            if _is_new_folder(entry, seen):
                _scan(top, path, seen, found, faults)
        elif not is_quiet(entry.name):
            if fault := _fault(entry):
                faults.append((entry.path, fault))
            elif entry.is_file():
                found.append((path, entry.stat().st_size))


def _is_new_folder(entry: os.DirEntry, seen: set) -> bool:
    """Whether a folder is neither hidden nor seen by another path; from now on it is seen."""
    if entry.name[0] == "." or entry.name.lower() in QUIET_FOLDERS:
        return False
    known = len(seen)
    seen.add(_identity(entry.path))
    return len(seen) > known


def _fault(entry: os.DirEntry) -> str:
    """What is wrong with a file for its name or as a link; empty if nothing is."""
    if not entry.name.isprintable() and any(0xD800 <= ord(c) < 0xE000 for c in entry.name):
        return "has a name that is not UTF-8"
    return "is a broken link" if entry.is_symlink() and not os.path.exists(entry.path) else ""


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _real(folder: str) -> str:
    return os.path.realpath(folder)


def _album_id(home: str) -> str:
    path = os.path.relpath(home, os.path.realpath("."))
    digest = hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()
    return f"{slug(os.path.basename(home))[:40].strip('_')}_{digest[:8]}"


def _copies(listings: Mapping[str, Listing]) -> Iterator[list[str]]:
    """The real paths of folders, those of copies together."""
    alike = defaultdict(list)
    for home, listing in listings.items():
        # An empty file says nothing of its content.
        kind = (listing.inside, listing.sizes) if listing.sizes and all(listing.sizes) else home
        alike[kind].append(home)
    for homes in alike.values():
        same = defaultdict(list)
        for home in homes:
            same[_bytes_at_spots(listings[home]) if len(homes) > 1 else ""].append(home)
        yield from same.values()


def _bytes_at_spots(listing: Listing) -> str:
    """A digest of a few places of every file; of one that cannot be read, of its path."""
    digest = hashlib.sha256()
    for path, size in zip(listing.files, listing.sizes, strict=True):
        try:
            with open(path, "rb") as file:
                for spot in range(SPOTS):
                    file.seek(max(0, size - SPOT_BYTES) * spot // (SPOTS - 1))
                    digest.update(file.read(SPOT_BYTES))
        except OSError:
            digest.update(path.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _count_in_sheet(path: str) -> int:
    try:
        with open(path, "rb") as file:
            return len(TRACK_LINE.findall(file.read(1 << 20)))
    except OSError:
        return 0
