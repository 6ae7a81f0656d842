"""Pages of the site that are outside docs/: README, configuration, CONTRIBUTING and CHANGELOG.

A hook of mkdocs. Links between all pages are those of the repository; here they are turned into
links of the site. A link to a file that is no page of the site, such as LICENSE, becomes its text.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

PAGES = {
    "README.md": "index.md",
    "config/README.md": "configuration.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
OTHER_FILES = ("LICENSE", "CITATION.cff")
LINK = re.compile(r"(!?\[([^\]]*)\])\(([^):#\s]+)(#[^)]*)?\)")
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


def on_files(files, config):
    """Add the pages that are outside docs/, under the names that they have on the site."""
    root = Path(config.config_file_path).parent
    for source, page in PAGES.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=site_links(text, source)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Turn the links of a page of docs/."""
    if page.file.src_uri in PAGES.values():
        return markdown
    return site_links(markdown, f"docs/{page.file.src_uri}")


def site_links(text: str, source: str) -> str:
    """The text of a page with links of the site; code is left as it is.

    Parameters
    ----------
    text : str
        Markdown.
    source : str
        The page as a path in the repository.
    """
    code = FENCED.findall(text)
    parts = [LINK.sub(lambda match: _site_link(match, source), part) for part in FENCED.split(text)]
    return "".join(part for pair in zip(parts, [*code, ""], strict=True) for part in pair)


def _site_link(match, source):
    label, text, target, anchor = match.groups()
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in OTHER_FILES:
        return text
    page = PAGES.get(path, path.removeprefix("docs/"))
    here = PAGES.get(source, source.removeprefix("docs/"))
    return f"{label}({posixpath.relpath(page, posixpath.dirname(here))}{anchor or ''})"
