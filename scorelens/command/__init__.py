"""The command `scorelens`: the workflow and its parts from any folder, without a clone."""

from pathlib import Path

import lazy_loader

PACKAGE = Path(__file__).resolve().parent.parent
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"application": ["app"]})
__all__ = [*__all__, "workflow_folder"]


def workflow_folder() -> Path:
    """Folder of the Snakefile: inside the installed package, otherwise the root of the clone.

    Returns
    -------
    Path
    """
    installed = PACKAGE / "_workflow"
    return installed if installed.is_dir() else PACKAGE.parent
