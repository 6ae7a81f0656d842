"""Make a table of trailers from the lists of the source's data set and the files downloaded.

    python workflow/import_trailers.py dataset.txt [--downloads LIST] --videos FOLDER --table TSV

`dataset.txt` has names and genres, LIST names and addresses (docs/trailers.md). Trailers without a
file in FOLDER are left out of the table, and named.
"""

import argparse
import sys
from pathlib import Path

from scorelens.config import complete
from scorelens.errors import ConfigError
from scorelens.trailers.published.import_lists import import_trailers

SCHEMAS = Path(__file__).with_name("schemas")


def main() -> None:
    """Read the lists, write the table, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", help="list of names and genres")
    parser.add_argument("--downloads", help="list of names and addresses")
    parser.add_argument("--videos", required=True, help="folder of the files")
    parser.add_argument("--table", required=True, help="table to write, TSV")
    given = parser.parse_args()
    genres = complete({}, SCHEMAS)["trailers"]["genres"]
    try:
        imported = import_trailers(
            given.dataset, given.downloads, given.videos, genres, given.table
        )
    except ConfigError as error:
        sys.exit(str(error))
    for entry in imported.absent:
        print(f"line {entry.line}: no file of {entry.name} {entry.address}".rstrip())
    print(f"{given.table}: {imported.trailers} trailers, {len(imported.absent)} have no file")
    print(f"set trailers: {{trailers: {given.table}}}")


if __name__ == "__main__":
    main()
