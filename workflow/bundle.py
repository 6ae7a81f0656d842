"""Pack what a paper's supplement needs of the last run into results/bundle.zip: `make bundle`.

In it: the report and its provenance, the configuration, the tables and figures of every stage, and
the environment. Left out: media, indexes, weights, models, the parts that tables are joined from,
and what is left of films and models that the last run no longer had. `SHA256SUMS` lists every file
for `sha256sum --check`. The same results in the same environment give the same bytes.
"""

import csv
import hashlib
import importlib.metadata
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

HOME = Path(__file__).resolve().parent.parent
TABLES_AND_FIGURES = {".tsv", ".parquet", ".svg", ".vtt", ".txt"}
# Folders of which every table and figure counts, and those of one file a film, named by it.
WHOLE = ("corpus", "pretrained", "cues", "genres", "importance", "audiovisual_comparison")
BY_FILM = (
    "corpus/status", "corpus/tracks", "corpus/truth", "cues/films", "cues/labels",
    "cues/timelines", "genres/explanations", "visuals",
)  # fmt: skip
# KIND/SET/MODEL.parquet, and KIND/NETWORK/MODEL.parquet.
OF_GENRES = ("genres/predictions", "genres/cues", "genres/curves")
OF_TRAILERS = ("trailers/predictions", "trailers/moments")
NAME, MANIFEST = "bundle.zip", "SHA256SUMS"


def main() -> None:
    results = Path("results")
    if not (results / "report.yaml").is_file():
        sys.exit("there is no results/report.yaml here: finish a run first, for example `make run`")
    files = gather(results)
    write(files, results / NAME)
    print(f"{results / NAME}: {len(files)} files")


def gather(results: Path) -> dict[str, bytes | Path]:
    """What goes into the bundle: name -> content, or the file that has it."""
    config = yaml.safe_load((results / "report.yaml").read_text(encoding="utf-8"))["config"]
    found: dict[str, bytes | Path] = {
        "config.yaml": yaml.safe_dump(config, sort_keys=False, width=100).encode(),
        "environment/installed.txt": "\n".join([*installed(), ""]).encode(),
    }
    for path in sorted((HOME / "envs").iterdir()):
        found[f"environment/{path.name}"] = path
    for path in (results / "report.html", results / "report.yaml", *kept(results, config)):
        found[path.relative_to(results.parent).as_posix()] = path
    return found


def installed() -> list[str]:
    """Every package of the environment that this runs in, pinned, by name."""
    packages = importlib.metadata.distributions()
    return sorted({f"{p.metadata['Name']}=={p.version}" for p in packages}, key=str.lower)


def kept(results: Path, config: dict) -> Iterator[Path]:
    """The tables and figures of the last run."""
    for folder, names in folders(results, config).items():
        for path in sorted((results / folder).glob("[!.]*")):
            if path.suffix in TABLES_AND_FIGURES and (names is None or path.stem in names):
                yield path


def folders(results: Path, config: dict) -> dict[str, set[str] | None]:
    """Folder -> the stems of its files that are of the last run, None for all."""
    films = set(_column(results / "corpus" / "status.tsv", "film_id"))
    scores = results / "genres" / "scores.tsv"
    return {
        **dict.fromkeys(WHOLE),
        **dict.fromkeys(BY_FILM, films),
        **{f"features/{name}": films for name in config["features"]["sets"]},
        "bags": set(_column(scores, "feature_set")),
        **_of_runs(OF_GENRES, scores, "feature_set"),
        "genres/applied": set(config["genres"]["apply"]["media"]),
        **_of_tagger(config["tagger"]),
        **_of_retrieval(config["retrieval"]),
        **_of_trailers(results / "trailers" / "scores.tsv", config),
    }


def _of_runs(kinds: tuple[str, ...], scores: Path, column: str) -> dict[str, set[str]]:
    """The folders of what each model says; column: of what it stands on, in the table of scores."""
    names, models = _column(scores, column), _column(scores, "model")
    return {
        f"{kind}/{name}": {m for n, m in zip(names, models, strict=True) if n == name}
        for kind in kinds
        for name in set(names)
    }


def _of_tagger(config: dict) -> dict[str, set[str] | None]:
    """The folders of the tagger, if the last run had one; libraries have a page of their own."""
    models = set(config["models"])
    return {"tagger": None, "tagger/tracks": models, "tagger/tiles": models} if models else {}


def _of_retrieval(config: dict) -> dict[str, set[str] | None]:
    """The folders of retrieval, if the last run had one; not what networks say of each film."""
    models = set(config["configurations"])
    if not models:
        return {}
    found = {"films", "tracks", "scores", "ranks", "recall", "ablation", "curves", "scenes"}
    asked = {"searches"} if config["searches"] else set()
    return {"retrieval": found | asked, "retrieval/curves": models}


def _of_trailers(scores: Path, config: dict) -> dict[str, set[str]]:
    """The folders of trailers, if the last run had any; not their frames, nor what networks say."""
    settings = config["trailers"]
    if not settings["models"]:
        return {}
    found = {"scores", "arms"}
    if {"picture", "sound"} <= set(_column(scores, "arm")):
        found.add("examples")
    shared = set(settings["genres"]) & set(config["corpus"]["genres"])
    kind = config["corpus"]["kind"]
    alike = kind != "published" and bool(settings["trailers"]) == (kind != "demo")
    if shared and alike and "frame_linear" in settings["models"]:
        found |= {"films_to_trailers", "scenes"}
    return {"trailers": found, **_of_runs(OF_TRAILERS, scores, "network")}


def write(files: dict[str, bytes | Path], output: Path) -> None:
    """Write the files and their sums as a zip, in order of their names and without dates."""
    temporary = output.with_name(f".{output.name}.part")
    sums = []
    with zipfile.ZipFile(temporary, "w") as bundle:
        for name, source in sorted(files.items()):
            content = source.read_bytes() if isinstance(source, Path) else source
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            _add(bundle, name, content)
        _add(bundle, MANIFEST, "".join(sums).encode())
    temporary.replace(output)


def _add(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16
    bundle.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _column(path: Path, name: str) -> list[str]:
    with open(path, encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file, delimiter="\t")]


if __name__ == "__main__":
    main()
