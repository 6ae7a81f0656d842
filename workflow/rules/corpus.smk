"""The films, the albums behind them, and whether they can be used."""

import dataclasses
import zlib

ASSEMBLY = config["corpus"]["assembly"]


def film_seed(wildcards):
    """A seed for one film, which other films of the table leave as it is."""
    return zlib.crc32(f"{config['seed']} {wildcards.film}".encode())


def present_video(wildcards):
    """The video of a film, or nothing if there is no such file: the check then says so."""
    video = film_video(wildcards)
    return [video] if MADE or os.path.isfile(video) else []


if config["corpus"]["kind"] == "demo":

    rule make_corpus:
        """Compose an album of the demo corpus, and assemble a film with known cues from it."""
        output:
            video="results/corpus/media/{film}/film.mp4",
            tracks=expand(
                "results/corpus/media/{{film}}/album/{track}.flac", track=plan.DEMO_TRACKS
            ),
            truth="results/corpus/truth/{film}.tsv",
        log:
            "logs/make_corpus/{film}.log",
        benchmark:
            "results/benchmarks/make_corpus/{film}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            source=source_hash("make_corpus"),
            film=lambda wildcards: dataclasses.asdict(DEMO_FILMS[wildcards.film]),
            film_s=config["corpus"]["demo"]["film_s"],
        script:
            "../../scripts/make_corpus.py"

elif config["corpus"]["kind"] == "assembled":

    rule make_corpus:
        """Assemble a film with known cues from a real album, speech and effects."""
        input:
            tracks=album_tracks,
        output:
            video="results/corpus/media/{film}/film.mp4",
            truth="results/corpus/truth/{film}.tsv",
        log:
            "logs/make_corpus/{film}.log",
        benchmark:
            "results/benchmarks/make_corpus/{film}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards: 1000 + 3 * ASSEMBLY["film_s"],
            runtime=60,
        params:
            source=source_hash("make_corpus"),
            track_ids=lambda wildcards: list(FILMS[wildcards.film].tracks),
            assembly=ASSEMBLY,
            seed=film_seed,
        script:
            "../../scripts/make_corpus.py"


rule check_corpus:
    """Open one film and its album; write what they hold and every problem found."""
    input:
        video=present_video,
        tracks=album_tracks,
    output:
        status="results/corpus/status/{film}.tsv",
        tracks="results/corpus/tracks/{film}.tsv",
    log:
        "logs/check_corpus/{film}.log",
    benchmark:
        "results/benchmarks/check_corpus/{film}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        source=source_hash("check_corpus"),
        track_ids=lambda wildcards: list(FILMS[wildcards.film].tracks),
    script:
        "../../scripts/check_corpus.py"


checkpoint gather_corpus:
    """Join the checks of all films; stop at bad ones, or leave them out."""
    input:
        statuses=expand("results/corpus/status/{film}.tsv", film=FILMS),
        tracks=expand("results/corpus/tracks/{film}.tsv", film=FILMS),
    output:
        films="results/corpus/films.tsv",
        tracks="results/corpus/tracks.tsv",
        status="results/corpus/status.tsv",
    log:
        "logs/gather_corpus.log",
    benchmark:
        "results/benchmarks/gather_corpus.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        source=source_hash("gather_corpus"),
        films=[dataclasses.asdict(film) for film in FILMS.values()],
        on_bad_film=config["corpus"]["on_bad_film"],
    script:
        "../../scripts/gather_corpus.py"
