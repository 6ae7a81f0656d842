"""Pack what a paper's supplement needs of the last run into results/bundle.zip: `make bundle`.

In it: the report and its provenance, the configuration, the tables and figures that the report
records as outputs of the run, the environment, and the rules. `ro-crate-metadata.json` describes
them for archives (Workflow Run Crate). Left out: media, indexes, pretrained networks,
models, the parts that tables are joined from, and what earlier runs left of films and models that
the last run does not have. `SHA256SUMS` lists every file for `sha256sum --check`. The same results
in the same environment give the same bytes.
"""

import csv
import hashlib
import importlib.metadata
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from scorelens.report import ro_crate

HOME = Path(__file__).resolve().parent.parent
NAME, MANIFEST = "bundle.zip", "SHA256SUMS"


def main() -> None:
    """Pack the last run of this folder."""
    results = Path("results")
    if not (results / "report.yaml").is_file():
        sys.exit("there is no results/report.yaml here: finish a run first, for example `make run`")
    files = gather(results)
    write(files, results / NAME)
    print(f"{results / NAME}: {len(files)} files")


def gather(results: Path) -> dict[str, bytes | Path]:
    """Choose what goes into the bundle.

    Parameters
    ----------
    results : Path
        Folder of the results.

    Returns
    -------
    dict of str to bytes or Path
        Name -> content, or the file that has it.
    """
    record = yaml.safe_load((results / "report.yaml").read_text(encoding="utf-8"))
    files: dict[str, bytes | Path] = {
        "config.yaml": yaml.safe_dump(record["config"], sort_keys=False, width=100).encode(),
        "environment/installed.txt": "\n".join([*installed(), ""]).encode(),
    }
    for path in sorted((HOME / "envs").iterdir()):
        files[f"environment/{path.name}"] = path
    for path in (HOME / "Snakefile", *sorted((HOME / "workflow" / "rules").glob("*.smk"))):
        files[path.relative_to(HOME).as_posix()] = path
    reports = (results / "report.html", results / "report.yaml")
    for path in (*reports, *outputs(results, record.get("outputs", []))):
        files[path.relative_to(results.parent).as_posix()] = path
    described = {name: _size_and_sum(source) for name, source in files.items()}
    text = ro_crate.metadata(record, described | {MANIFEST: {}})
    return files | {ro_crate.NAME: text.encode()}


def _size_and_sum(source: bytes | Path) -> dict[str, str]:
    content = _content(source)
    return {"contentSize": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}


def _content(source: bytes | Path) -> bytes:
    return source.read_bytes() if isinstance(source, Path) else source


def installed() -> list[str]:
    """Every package of the environment that this runs in, pinned, by name."""
    packages = importlib.metadata.distributions()
    return sorted({f"{p.metadata['Name']}=={p.version}" for p in packages}, key=str.lower)


def outputs(results: Path, patterns: list[str]) -> Iterator[Path]:
    """The tables and figures of the last run that are there.

    Parameters
    ----------
    results : Path
        Folder of the results.
    patterns : list of str
        Paths as the report records them. The wildcard `film` stands for every film that was
        checked: a bad one has a status, if nothing else.

    Yields
    ------
    Path
    """
    with open(results / "corpus" / "status.tsv", encoding="utf-8", newline="") as file:
        films = [row["film_id"] for row in csv.DictReader(file, delimiter="\t")]
    for pattern in patterns:
        for film in films if "{film}" in pattern else films[:1]:
            path = results.parent / pattern.replace("{film}", film)
            if path.is_file():
                yield path


def write(files: dict[str, bytes | Path], output: Path) -> None:
    """Write files and their sums as a zip, in order of their names and without dates.

    Parameters
    ----------
    files : dict of str to bytes or Path
        Name in the zip -> content, or the file that has it.
    output : Path
        The zip.
    """
    temporary = output.with_name(f".{output.name}.part")
    sums = []
    with zipfile.ZipFile(temporary, "w") as bundle:
        for name, source in sorted(files.items()):
            content = _content(source)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            _add(bundle, name, content)
        _add(bundle, MANIFEST, "".join(sums).encode())
    temporary.replace(output)


def _add(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16
    bundle.writestr(entry, content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
