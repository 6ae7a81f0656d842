"""Frame features of the cues, one table a film and feature set."""

from scorelens.encoders.registry import AUDIO_ENCODERS

COMPUTED_SETS = ("mir", "essentia")
NETWORK_SETS = tuple(AUDIO_ENCODERS)
WHOLE = "_tracks"  # ends the name of a set that is measured on whole tracks

if config["features"]["level"] == "tracks":
    config["features"]["sets"] = [name + WHOLE for name in config["features"]["sets"]]


def embedding_batches(films):
    """Films in batches: a job loads its network once for all of them.

    Which films `skip` leaves over is known only while the workflow runs, so each is then its own.
    """
    skips = config["corpus"]["on_bad_film"] == "skip"
    size = 1 if skips else config["features"]["batch_films"]
    films = sorted(films)
    return [films[first : first + size] for first in range(0, len(films), size)]


def measured_cues(feature_set, films):
    """The cues whose features are measured; none for whole tracks."""
    if feature_set.endswith(WHOLE):
        return []
    return [f"results/cues/films/{film}.parquet" for film in films]


def heard_video(film, feature_set):
    """The video of a film, if it is what is heard, and not the album, whose table tells of it."""
    hears_film = config["features"]["source"] == "film" and not feature_set.endswith(WHOLE)
    return video_of(film) if hears_film else None


def heard_sound(film, feature_set):
    """Which sound of the video that is."""
    return FILMS[film].audio if heard_video(film, feature_set) else ""


def heard_videos(films, feature_set):
    """The same of several films."""
    return [heard_video(film, feature_set) for film in films]


def network_weights(feature_set):
    return f"results/pretrained/{feature_set.removesuffix(WHOLE)}.safetensors"


if PUBLISHED:

    rule unpack_features:
        """Unpack a published feature set into a table of each film."""
        input:
            published=lambda wildcards: paths.watched(published_files(wildcards.set)),
            corpus=ancient("results/corpus/films.tsv"),
        output:
            tables=expand("results/features/{{set}}/{film}.parquet", film=FILMS),
        log:
            "logs/unpack_features/{set}.log",
        benchmark:
            "results/benchmarks/unpack_features/{set}.tsv"
        wildcard_constraints:
            set="|".join(published.FILES),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("unpack_features"),
            runtime=duration("unpack_features"),
        params:
            source=source_hash("unpack_features"),
            published=lambda wildcards: published_files(wildcards.set),
            unwatched=lambda wildcards: paths.unwatched(published_files(wildcards.set)),
        script:
            "../../scripts/unpack_features.py"

else:

    rule extract_features:
        """Measure one feature set on the cues of one film, once a second."""
        input:
            cues=lambda wildcards: measured_cues(wildcards.set, [wildcards.film]),
            tracks="results/corpus/tracks/{film}.tsv",
            video=lambda wildcards: paths.watched([heard_video(wildcards.film, wildcards.set)]),
            corpus=ancient("results/corpus/films.tsv"),
        output:
            table="results/features/{set}/{film}.parquet",
        log:
            "logs/extract_features/{set}/{film}.log",
        benchmark:
            "results/benchmarks/extract_features/{set}/{film}.tsv"
        wildcard_constraints:
            set=f"({'|'.join(COMPUTED_SETS)})({WHOLE})?",
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("extract_features"),
            runtime=duration("extract_features"),
        params:
            source=source_hash("extract_features"),
            sound=config["features"]["source"],
            video=lambda wildcards: heard_video(wildcards.film, wildcards.set),
            audio=lambda wildcards: heard_sound(wildcards.film, wildcards.set),
            unwatched=lambda wildcards: paths.unwatched(
                [heard_video(wildcards.film, wildcards.set)]
            ),
            # Only the set that has profiles is measured again when another is chosen.
            profile=lambda wildcards: (
                config["features"]["profile"] if wildcards.set.startswith("mir") else None
            ),
        script:
            "../../scripts/extract_features.py"

    for number, films in enumerate(embedding_batches(FILMS)):

        rule embed_features:
            """Measure a network's embeddings on the cues of a batch of films, once a second."""
            name:
                f"embed_features_{number}"
            input:
                weights=lambda wildcards: network_weights(wildcards.set),
                cues=lambda wildcards, films=films: measured_cues(wildcards.set, films),
                tracks=expand("results/corpus/tracks/{film}.tsv", film=films),
                videos=lambda wildcards, films=films: paths.watched(
                    heard_videos(films, wildcards.set)
                ),
                corpus=ancient("results/corpus/films.tsv"),
            output:
                # What stands there is kept until the job has looked at it.
                tables=update(expand("results/features/{{set}}/{film}.parquet", film=films)),
            log:
                f"logs/embed_features/{{set}}/{number}.log",
            benchmark:
                f"results/benchmarks/embed_features/{{set}}/{number}.tsv"
            wildcard_constraints:
                set=f"({'|'.join(NETWORK_SETS)})({WHOLE})?",
            conda:
                "../../envs/scorelens.yaml"
            threads: 1
            resources:
                mem_mb=memory("embed_features", films),
                runtime=duration("embed_features", films),
                gpu=config["resources"]["gpu"],
            params:
                source=source_hash("embed_features"),
                sound=lambda wildcards: (
                    "album" if wildcards.set.endswith(WHOLE) else config["features"]["source"]
                ),
                films=films,
                audios=lambda wildcards, films=films: [
                    heard_sound(film, wildcards.set) for film in films
                ],
                videos=lambda wildcards, films=films: heard_videos(films, wildcards.set),
                unwatched=lambda wildcards, films=films: paths.unwatched(
                    heard_videos(films, wildcards.set)
                ),
            script:
                "../../scripts/embed_features.py"
