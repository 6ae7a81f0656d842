"""Read the block `live_search` of the settings of a run."""

from pathlib import Path

import yaml

from scorelens.command import workflow_folder
from scorelens.config import complete
from scorelens.errors import ConfigError, Problem
from scorelens.live_search.settings import DEFAULT, Joint, Settings

BLOCK = "live_search"
JOINT_FILES = ("audio", "text", "tokenizer")


def read_search_settings(path: Path | None, folder: Path = Path()) -> Settings:
    """Read the networks that the settings name for the live search.

    Parameters
    ----------
    path : Path or None
        The file of settings; without one everything is as by default.
    folder : Path
        The folder of the run, at which paths start that are not absolute.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        If the file is no YAML, or the block has faults. Other blocks are not looked at.
    """
    if path is None or not path.is_file():
        return DEFAULT
    try:
        block = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(BLOCK)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        what = f"cannot be read: {error}"
        raise ConfigError(Problem(str(path), what, "settings of a run, YAML")) from None
    schemas = workflow_folder() / "workflow" / "schemas"
    chosen = complete({BLOCK: block or {}}, schemas)[BLOCK]
    return Settings(chosen["text"], _joint(chosen["joint"], folder))


def _joint(block: dict, folder: Path) -> Joint | None:
    absent = [name for name in JOINT_FILES if not block[name]]
    if len(absent) == len(JOINT_FILES):
        return None
    if absent:
        what, expected = (
            f"lacks {' and '.join(absent)}",
            "all of audio, text and tokenizer, or none",
        )
        raise ConfigError(Problem(f"config: {BLOCK}.joint", what, expected))
    return Joint(**block | {name: str(folder / block[name]) for name in JOINT_FILES})
