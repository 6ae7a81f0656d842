"""Copy the files that pages load."""

import os
import shutil
from pathlib import Path

from scorelens.html_page import COLOURS

ASSETS = Path(__file__).parent
NOT_COPIED = shutil.ignore_patterns("*.py", "__pycache__", "SHA256SUMS")


def copy_assets(folder: str | os.PathLike) -> None:
    """Copy style, scripts and licences into a folder, which is made."""
    # `copyfile` and no dates: a copy from a folder that cannot be written to can be.
    shutil.copytree(
        ASSETS, folder, ignore=NOT_COPIED, copy_function=shutil.copyfile, dirs_exist_ok=True
    )
    shutil.copyfile(COLOURS, Path(folder, "colours.css"))
