"""What `init` wrote the last time, kept in a hidden file beside the tables."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scorelens.errors import ConfigError, Problem
from scorelens.media_library.merging import Row
from scorelens.tables import atomic

NAME = ".scorelens-init.json"


@dataclass
class Record:
    """What was written.

    Parameters
    ----------
    folders : list of str
        Folders of the library, as absolute paths.
    films, described, trailers : dict of str to Row
        The rows, by path of the film or trailer.
    files : dict of str to str
        SHA-256 of the other files, by path relative to the tables.
    """

    folders: list[str] = field(default_factory=list)
    films: dict[str, Row] = field(default_factory=dict)
    described: dict[str, Row] = field(default_factory=dict)
    trailers: dict[str, Row] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def read(folder: Path) -> Record:
    """Read the record of a folder; an empty one if nothing was written there.

    Raises
    ------
    ConfigError
        If the file is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return Record()
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        hint = "delete it: rows that are in the tables then count as your own"
        what = f"is damaged ({error})"
        raise ConfigError(Problem(str(path), what, "the record of scorelens init", hint)) from None


def write(record: Record, folder: Path) -> None:
    """Write the record of a folder."""
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1)
    with atomic(folder / NAME) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_file(record: Record, folder: Path, name: str, text: str) -> bool:
    """Write a text file unless a person edited it; whether it now holds the text.

    Parameters
    ----------
    record : Record
        Is brought up to date.
    folder : Path
        Of the tables.
    name : str
        Path relative to it.
    text : str
    """
    path = folder / name
    digest = hashlib.sha256(text.encode()).hexdigest()
    present = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    if present not in ("", digest, record.files.get(name)):
        return False
    if present != digest:
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    record.files[name] = digest
    return True


def remove_file(record: Record, folder: Path, name: str) -> None:
    """Remove a file that was written and that nobody edited."""
    path, digest = folder / name, record.files.pop(name)
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
        path.unlink()
