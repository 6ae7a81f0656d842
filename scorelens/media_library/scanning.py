"""Walk the folders of a media library."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

IGNORED_FOLDERS = frozenset(
    ("__macosx", "$recycle.bin", "system volume information", "lost+found", "@eadir", "#recycle")
)


@dataclass
class Folder:
    """A folder and what is in it, by name, sorted.

    Parameters
    ----------
    path : str
    is_root : bool
        Whether the user named it.
    files : list of str
        Names of its files, without hidden ones.
    folders : list of Folder
    """

    path: str
    is_root: bool = False
    files: list[str] = field(default_factory=list)
    folders: list["Folder"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return os.path.basename(self.path)

    def file(self, name: str) -> str:
        """Path of one of its files."""
        return os.path.join(self.path, name)

    def walk(self) -> Iterator["Folder"]:
        """The folder and all below it, those above first."""
        yield self
        for folder in self.folders:
            yield from folder.walk()


def scan_tree(path: str | os.PathLike, faults: list[tuple[str, str]]) -> Folder:
    """List a folder and all below it. Links are followed, and no folder counts twice.

    Parameters
    ----------
    path : path
        The folder.
    faults : list of (str, str)
        To which path and reason of what cannot be read are added.

    Returns
    -------
    Folder
    """
    root = Folder(os.path.abspath(path), is_root=True)
    seen = {_identity(root.path)}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        _list(folder, seen, faults)
        waiting += reversed(folder.folders)
    return root


def _list(folder: Folder, seen: set, faults: list) -> None:
    try:
        with os.scandir(folder.path) as entries:
            entries = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError as error:
        faults.append((folder.path, f"cannot be read ({error.strerror})"))
        return
    for entry in entries:
        if entry.name[0] == "." or entry.name.lower() in IGNORED_FOLDERS:
            continue
        if any(0xD800 <= ord(character) < 0xE000 for character in entry.name):
            faults.append((entry.path, "has a name that is not UTF-8"))
        elif entry.is_dir():
            if (identity := _identity(entry.path)) not in seen:
                seen.add(identity)
                folder.folders.append(Folder(entry.path))
        elif entry.is_file():
            folder.files.append(entry.name)
        else:
            faults.append((entry.path, "is a broken link or no file"))
    folder.files.sort()
    folder.folders.sort(key=lambda inner: inner.name)


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
