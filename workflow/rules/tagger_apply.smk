"""Libraries of any music, tagged by the final model of the tagger."""

from scorelens.config import slug
from scorelens.tagger import library as music_library

# The demo composes its own library: two pieces a genre, of no film.
DEMO_PIECES = {
    f"{slug(genre)}_{number}.flac": genre for genre in demo_plan.GENRES for number in (1, 2)
}
DEMO_PART = music_library.Part("demo", "results/tagger/demo", tuple(DEMO_PIECES))
LIBRARIES = TAGGER["libraries"]
try:
    LIBRARY_PARTS = music_library.find_parts(LIBRARIES)
    if config["corpus"]["kind"] == "demo" and not LIBRARIES and HEARING_TAGGERS:
        LIBRARIES, LIBRARY_PARTS = {"demo": DEMO_PART.folder}, {"demo": DEMO_PART}
    if LIBRARIES:
        LIBRARY_MODEL = music_library.choose_model(TAGGER_MODELS, TAGGER["apply"]["model"])
except InputError as error:
    raise WorkflowError(str(error)) from None


def library_parts(pattern):
    """An input function: the pattern for every part of a library."""

    def inputs(wildcards):
        own = [key for key, part in LIBRARY_PARTS.items() if part.library == wildcards.library]
        return expand(pattern, part=own, library=wildcards.library)

    return inputs


rule synthesize_library:
    """Compose the library of the demo."""
    output:
        pieces=expand("results/tagger/demo/{piece}", piece=DEMO_PIECES),
    log:
        "logs/synthesize_library.log",
    benchmark:
        "results/benchmarks/synthesize_library.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("synthesize_library"),
        runtime=duration("synthesize_library"),
    params:
        source=source_hash("synthesize_library"),
        genres=list(DEMO_PIECES.values()),
        seed=config["seed"],
    script:
        "../../scripts/synthesize_library.py"


if LIBRARIES:

    rule apply_tagger:
        """Tag the tracks of one part of a library."""
        input:
            sound=lambda wildcards: paths.watched(LIBRARY_PARTS[wildcards.part].paths),
            model=f"results/tagger/models/{LIBRARY_MODEL}.safetensors",
            weights=(
                [network_weights(TAGGER["embedding"])]
                if tagger.MODELS[LIBRARY_MODEL] == "embedding"
                else []
            ),
        output:
            tracks="results/tagger/libraries/{library}/parts/{part}.tracks.parquet",
            ranking="results/tagger/libraries/{library}/parts/{part}.ranking.parquet",
            profiles="results/tagger/libraries/{library}/parts/{part}.profiles.parquet",
        log:
            "logs/apply_tagger/{library}/{part}.log",
        benchmark:
            "results/benchmarks/apply_tagger/{library}/{part}.tsv"
        wildcard_constraints:
            library="[a-z0-9_]+",
            part="[a-z0-9_]+",
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("apply_tagger"),
            runtime=duration("apply_tagger"),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("apply_tagger"),
            folder=lambda wildcards: LIBRARY_PARTS[wildcards.part].folder,
            files=lambda wildcards: list(LIBRARY_PARTS[wildcards.part].files),
            unwatched=lambda wildcards: paths.unwatched(LIBRARY_PARTS[wildcards.part].paths),
        script:
            "../../scripts/apply_tagger.py"

    rule export_library:
        """List a library with its tags: tables, sidecars, playlists and a page."""
        input:
            tracks=library_parts("results/tagger/libraries/{library}/parts/{part}.tracks.parquet"),
            ranking=library_parts("results/tagger/libraries/{library}/parts/{part}.ranking.parquet"),
            profiles=library_parts(
                "results/tagger/libraries/{library}/parts/{part}.profiles.parquet"
            ),
        output:
            tracks="results/tagger/libraries/{library}/tracks.tsv",
            ranking="results/tagger/libraries/{library}/ranking.tsv",
            profiles="results/tagger/libraries/{library}/profiles.parquet",
            tags=directory("results/tagger/libraries/{library}/tags"),
            playlists=directory("results/tagger/libraries/{library}/playlists"),
            page="results/tagger/libraries/{library}.html",
        log:
            "logs/export_library/{library}.log",
        benchmark:
            "results/benchmarks/export_library/{library}.tsv"
        wildcard_constraints:
            library="[a-z0-9_]+",
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("export_library"),
            runtime=duration("export_library"),
        params:
            source=source_hash("export_library"),
            folder=lambda wildcards: LIBRARIES[wildcards.library],
        script:
            "../../scripts/export_library.py"
