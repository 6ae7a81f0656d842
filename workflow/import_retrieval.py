"""Make a table of films for retrieval from the public metadata of a dataset (JSON).

    python workflow/import_retrieval.py METADATA.json ALBUMS TABLE.tsv [--pictures PICTURES]

ALBUMS has a folder of tracks for each film, PICTURES a picture, both called after its id, its
picture in the metadata, or its title. Films without such a folder are left out. Then set
`retrieval.films` to the table; docs/retrieval.md has the keys of the metadata.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens.errors import ConfigError
from scorelens.retrieval.data.metadata import read_metadata, write_film_table


def main() -> None:
    """Write the table and the plots, and print how many films have which media."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("metadata", help="JSON file of the films")
    parser.add_argument("albums", help="folder with a folder of tracks for each film")
    parser.add_argument("table", help="table to write (TSV)")
    parser.add_argument("--pictures", help="folder with a picture of each film")
    given = parser.parse_args()
    try:
        films = read_metadata(given.metadata)
        written = write_film_table(films, given.albums, given.pictures, given.table)
    except ConfigError as error:
        sys.exit(str(error))
    print(f"{given.metadata}: {written.films} films")
    print(f"{given.table}: {written.with_album} films with a folder of tracks, ", end="")
    print(f"{written.with_picture} with a picture, {written.with_plot} with a plot")


if __name__ == "__main__":
    main()
