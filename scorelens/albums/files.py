"""List the files of albums when the workflow is parsed, and find albums that are copies.

The content of a file decides at job time whether it is a track. Here only files are left out that
are no music by their name. Light imports only.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from scorelens.albums.extensions import (
    AUDIO_EXTENSIONS,
    CUE,
    IGNORED_EXTENSIONS,
    IGNORED_FOLDERS,
    IGNORED_NAMES,
)
from scorelens.ids import slug, unique_ids

DEFAULT_ID = "track"  # of a name without letters and digits
MAX_FILE_ID = 40  # letters of a file's id before the number and title of one of its tracks
SAMPLES, SAMPLE_BYTES = 9, 4096  # compared in files of two albums that may be copies
TRACK_LINE = re.compile(rb"^\s*TRACK\s+\d+\s+AUDIO", re.I | re.M)


class Listing(NamedTuple):
    """The files in a folder and its subfolders, sorted by path.

    Parameters
    ----------
    folder : str
        The folder.
    inside : tuple of str
        Paths of the files relative to the folder.
    sizes : tuple of int
        Their sizes, bytes.
    faults : tuple of (str, str)
        Path and reason of what cannot be used: broken links, names that are no UTF-8, folders
        without permission.
    """

    folder: str
    inside: tuple[str, ...]
    sizes: tuple[int, ...]
    faults: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files."""
        return tuple(os.path.join(self.folder, path) for path in self.inside)


class Album(NamedTuple):
    """An album: its id, the same for all copies, and folder and files of one of them."""

    album_id: str
    folder: str
    files: tuple[str, ...]


NO_ALBUM = Album("", "", ())


def list_files(folder: str | os.PathLike) -> list[str]:
    """List the files in a folder and its subfolders that may be music, and CUE sheets.

    Parameters
    ----------
    folder : path
        The folder. Links are followed, and no folder counts twice. Hidden files, pictures, texts,
        playlists, logs, checksums and system files are left out.

    Returns
    -------
    list of str
        Sorted by path.
    """
    return list(scan(folder).files)


def scan(folder: str | os.PathLike) -> Listing:
    """List the files in a folder that may be music, and CUE sheets, with sizes and problems.

    Parameters
    ----------
    folder : path
        The folder, searched with its subfolders. Links are followed, and no folder counts twice.

    Returns
    -------
    Listing
        Empty if there is no such folder.
    """
    folder = os.fspath(folder)
    files: list[tuple[str, int]] = []
    faults: list[tuple[str, str]] = []
    if os.path.isdir(folder):
        _scan(folder, "", {_identity(folder)}, files, faults)
    files.sort()
    return Listing(
        folder, tuple(path for path, _ in files), tuple(size for _, size in files), tuple(faults)
    )


def is_ignored(name: str) -> bool:
    """Whether a file is certainly no music by its name, and needs no note.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_ignored(name) for name in ("Cover.JPG", "._01.flac", "LICENSE", "01 Theme", "b.zip")]
    [True, True, True, False, False]
    """
    lower = name.lower()
    is_other_type = os.path.splitext(lower)[1] in IGNORED_EXTENSIONS
    return name[0] == "." or lower in IGNORED_NAMES or is_other_type


def has_audio_extension(path: str) -> bool:
    """Whether a file has the extension of an audio file.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool

    Examples
    --------
    >>> has_audio_extension("01.FLAC"), has_audio_extension("cover.jpg")
    (True, False)
    """
    return os.path.splitext(path)[1].lower() in AUDIO_EXTENSIONS


def is_cue(path: str) -> bool:
    """Whether a file has the extension of a CUE sheet.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
    """
    return os.path.splitext(path)[1].lower() == CUE


def estimate_tracks(files: Collection[str]) -> int:
    """Estimate the number of tracks in some files before they are opened.

    Parameters
    ----------
    files : collection of str
        Files of an album, CUE sheets included.

    Returns
    -------
    int
    """
    sheets = [path for path in files if is_cue(path)]
    in_sheets = sum(_count_in_sheet(path) for path in sheets)
    return max(len(files) - len(sheets), in_sheets)


def likely_ids(album: Album) -> list[str]:
    """Ids of the tracks of an album, by the names of its files.

    Parameters
    ----------
    album : Album
        The album.

    Returns
    -------
    list of str
        One a file. The id of a track of a file with several begins with the first 40 letters of
        that of the file.
    """
    files = [path for path in album.files if not is_cue(path)]
    inside = [os.path.splitext(os.path.relpath(path, album.folder))[0] for path in files]
    return unique_ids(inside, DEFAULT_ID)


def may_be_track(track_id: str, ids: Collection[str]) -> bool:
    """Whether an album may have a track with an id.

    Parameters
    ----------
    track_id : str
        The id.
    ids : collection of str
        The album's `likely_ids`.

    Returns
    -------
    bool

    Examples
    --------
    >>> [may_be_track(name, ["side_a", "bonus"]) for name in ("side_a", "bonus_02_sea", "side_b")]
    [True, True, False]
    """
    return any(track_id == name or track_id.startswith(f"{name[:MAX_FILE_ID]}_") for name in ids)


def find_albums(listings: Mapping[str, Listing], known: Collection[str] = ()) -> dict[str, Album]:
    """Find the album of each folder. Folders that are the same, or copies, share one.

    A copy has files of the same names and sizes, and the same bytes at `SAMPLES` positions of each;
    only for this comparison are files opened. The id is made from the path of one of the copies
    relative to the working directory: the one whose id is in `known`, otherwise the first by path.
    So it does not change as files are added or removed.

    Parameters
    ----------
    listings : mapping of str to Listing
        Folder -> result of `scan`.
    known : collection of str
        Ids of albums that have results of earlier runs.

    Returns
    -------
    dict of str to Album
        By folder.
    """
    homes = defaultdict(list)  # real path -> folders with this real path, itself first
    for folder in sorted(listings, key=lambda path: (_real(path) != os.path.abspath(path), path)):
        homes[_real(folder)].append(folder)
    albums = {}
    for group in _copies({home: listings[folders[0]] for home, folders in homes.items()}):
        ids = {home: _album_id(home) for home in group}
        home = min(group, key=lambda home: (ids[home] not in known, home))
        folder = homes[home][0]
        album = Album(ids[home], folder, listings[folder].files)
        albums |= dict.fromkeys((path for home in group for path in homes[home]), album)
    return albums


def _scan(top: str, inside: str, seen: set, files: list, faults: list) -> None:
    """Add the content of the folder `inside` of `top`; folders come before links to folders."""
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
                _scan(top, path, seen, files, faults)
        elif not is_ignored(entry.name):
            if fault := _fault(entry):
                faults.append((entry.path, fault))
            elif entry.is_file():
                files.append((path, entry.stat().st_size))


def _is_new_folder(entry: os.DirEntry, seen: set) -> bool:
    """Whether a folder is neither hidden nor in `seen`, to which it is added."""
    if entry.name[0] == "." or entry.name.lower() in IGNORED_FOLDERS:
        return False
    count = len(seen)
    seen.add(_identity(entry.path))
    return len(seen) > count


def _fault(entry: os.DirEntry) -> str:
    """What is wrong with the name or link of a file; empty if nothing is."""
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
    """Groups of real paths of folders that are copies."""
    groups = defaultdict(list)
    for home, listing in listings.items():
        # Empty files cannot be compared.
        key = (listing.inside, listing.sizes) if listing.sizes and all(listing.sizes) else home
        groups[key].append(home)
    for homes in groups.values():
        same = defaultdict(list)
        for home in homes:
            same[_sample_digest(listings[home]) if len(homes) > 1 else ""].append(home)
        yield from same.values()


def _sample_digest(listing: Listing) -> str:
    """Digest of a few samples of every file, or of its path if it cannot be read."""
    digest = hashlib.sha256()
    for path, size in zip(listing.files, listing.sizes, strict=True):
        try:
            with open(path, "rb") as file:
                for number in range(SAMPLES):
                    file.seek(max(0, size - SAMPLE_BYTES) * number // (SAMPLES - 1))
                    digest.update(file.read(SAMPLE_BYTES))
        except OSError:
            digest.update(path.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _count_in_sheet(path: str) -> int:
    try:
        with open(path, "rb") as file:
            return len(TRACK_LINE.findall(file.read(1 << 20)))
    except OSError:
        return 0
