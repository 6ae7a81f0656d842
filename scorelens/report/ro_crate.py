"""A run as RO-Crate: what its files are, which workflow made them, from which films.

Plain JSON-LD, so that a bundle needs no further package.

References
----------
RO-Crate 1.1; profile Workflow Run Crate 0.5 (Leo et al. 2024, PLOS ONE 19(9): e0309210).
"""

import datetime
import json
from collections.abc import Mapping
from pathlib import PurePosixPath

NAME = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
MEDIA_TYPES = {
    ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".yaml": "application/yaml",
}
WORKFLOW, CONFIG, RESULTS = "Snakefile", "config.yaml", "results/"
RUN, SNAKEMAKE, LICENCE = "#run", "#snakemake", "#licence"


def metadata(record: Mapping, files: Mapping[str, Mapping]) -> str:
    """Describe the files of a bundle.

    Parameters
    ----------
    record : mapping
        Provenance of the run, as `results/report.yaml` has it.
    files : mapping of str to mapping
        Path in the bundle -> `sha256` and `contentSize` (bytes, as text); among them are WORKFLOW
        and CONFIG. A file without them is listed alone.

    Returns
    -------
    str
        The text of `ro-crate-metadata.json`: the same for the same arguments.
    """
    films = [_film(row) for row in record.get("hashes", ())]
    entities = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [{"@id": CONTEXT[0].removesuffix("/context")}, {"@id": WORKFLOW_CRATE}],
        },
        _dataset(record, files),
        *(_profile(uri, *names) for uri, names in PROFILES.items()),
        *_workflow(record),
        _run(record, files, films),
        *films,
        *(_file(path, files[path]) for path in sorted(files) if path != WORKFLOW),
    ]
    for entity in entities:
        if entity["@id"] == WORKFLOW:
            entity.update(files[WORKFLOW])
    return json.dumps({"@context": CONTEXT, "@graph": entities}, indent=1, ensure_ascii=False)


def _dataset(record, files):
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Results of a run of scorelens",
        "description": "Report, tables, figures, configuration and environment of one run.",
        "datePublished": _date(record),
        "license": {"@id": LICENCE},
        "conformsTo": _references(PROFILES),
        "mainEntity": {"@id": WORKFLOW},
        "hasPart": _references(sorted(files)),
        "mentions": {"@id": RUN},
    }


def _profile(uri, name, version):
    return {"@id": uri, "@type": "CreativeWork", "name": name, "version": version}


def _workflow(record):
    versions = record["versions"]
    yield {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "scorelens",
        "description": "From films and soundtrack albums to cues, features, genre models and a "
        f"report. Commit: {record['commit']}.",
        "version": versions["scorelens"],
        "license": {"@id": "https://spdx.org/licenses/MIT"},
        "programmingLanguage": {"@id": SNAKEMAKE},
    }
    yield {
        "@id": SNAKEMAKE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.github.io"},
        "version": versions["snakemake"],
    }
    yield {"@id": "https://spdx.org/licenses/MIT", "@type": "CreativeWork", "name": "MIT License"}
    yield {
        "@id": LICENCE,
        "@type": "CreativeWork",
        "name": "Not stated",
        "description": "Whoever publishes these results states their licence here.",
    }


def _run(record, files, films):
    results = [path for path in sorted(files) if path.startswith(RESULTS)]
    return {
        "@id": RUN,
        "@type": "CreateAction",
        "name": "Run of scorelens",
        "description": f"Hash of the configuration: {record['config_hash']}. The time is that of "
        "the newest input of the report.",
        "endTime": _date(record),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": WORKFLOW},
        "object": _references([CONFIG, *(film["@id"] for film in films)]),
        "result": _references(results),
    }


def _film(row):
    """A film is not in the bundle: it has the hash of its media file."""
    film = {"@id": f"#film-{row['film_id']}", "@type": "CreativeWork", "name": row["film_id"]}
    return film | ({"sha256": row["video_sha256"]} if row.get("video_sha256") else {})


def _file(path, values):
    encoding = MEDIA_TYPES.get(PurePosixPath(path).suffix)
    name = {"@id": path, "@type": "File", "name": path}
    return name | ({"encodingFormat": encoding} if encoding else {}) | dict(values)


def _references(ids):
    return [{"@id": name} for name in ids]


def _date(record):
    """The date of the record (`2026-11-30 05:35 UTC`) in ISO 8601."""
    date = datetime.datetime.strptime(record["date"], "%Y-%m-%d %H:%M UTC")
    return date.replace(tzinfo=datetime.UTC).isoformat()
