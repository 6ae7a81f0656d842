"""New films and albums, heard by the saved genre models."""

from scorelens.genres.new_media import new_media_config

try:
    NEW_MEDIA = new_media_config.find_media(config["genres"]["apply"]["media"])
    if NEW_MEDIA:
        APPLIED_SET, APPLIED_MODEL = new_media_config.choose_run(
            genre_runs(),
            config["genres"]["apply"]["feature_set"],
            config["genres"]["apply"]["model"],
        )
except InputError as error:
    raise WorkflowError(str(error)) from None

if NEW_MEDIA:
    measured_set = APPLIED_SET.removesuffix(FRAMES).removesuffix(WHOLE)

    rule extract_new_media:
        """Measure a new film or album, from beginning to end, for the genre models."""
        input:
            sound=lambda wildcards: paths.watched(NEW_MEDIA[wildcards.name].files),
            weights=lambda wildcards: (
                [network_weights(wildcards.set)] if wildcards.set in NETWORK_SETS else []
            ),
        output:
            table="results/genres/measured/{set}/{name}.parquet",
            tracks="results/genres/measured/{set}/{name}.tsv",
        log:
            "logs/extract_new_media/{set}/{name}.log",
        benchmark:
            "results/benchmarks/extract_new_media/{set}/{name}.tsv"
        wildcard_constraints:
            name="|".join(NEW_MEDIA),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("extract_new_media"),
            runtime=duration("extract_new_media"),
            gpu=lambda wildcards: config["resources"]["gpu"] * (wildcards.set in NETWORK_SETS),
        params:
            source=source_hash("extract_new_media"),
            path=lambda wildcards: NEW_MEDIA[wildcards.name].path,
            files=lambda wildcards: list(NEW_MEDIA[wildcards.name].files),
            is_album=lambda wildcards: NEW_MEDIA[wildcards.name].is_album,
            unwatched=lambda wildcards: paths.unwatched(NEW_MEDIA[wildcards.name].files),
            profile=lambda wildcards: (
                config["features"]["profile"] if wildcards.set == "mir" else None
            ),
        script:
            "../../scripts/extract_new_media.py"

    rule apply_genres:
        """Ask the genre models about a new film or album, over its time and as a whole."""
        input:
            features=f"results/genres/measured/{measured_set}/{{name}}.parquet",
            models=f"results/genres/models/{APPLIED_SET}/{APPLIED_MODEL}.zip",
        output:
            windows="results/genres/applied/{name}.parquet",
            answers="results/genres/applied/{name}.tsv",
        log:
            "logs/apply_genres/{name}.log",
        benchmark:
            "results/benchmarks/apply_genres/{name}.tsv"
        wildcard_constraints:
            name="|".join(NEW_MEDIA),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("apply_genres"),
            runtime=duration("apply_genres"),
        params:
            source=source_hash("apply_genres"),
            is_album=lambda wildcards: NEW_MEDIA[wildcards.name].is_album,
            window_s=config["genres"]["apply"]["window_s"],
            hop_s=config["genres"]["apply"]["hop_s"],
        script:
            "../../scripts/apply_genres.py"

    rule plot_new_media:
        """Draw the genres of a new film or album over its time."""
        input:
            windows="results/genres/applied/{name}.parquet",
            answers="results/genres/applied/{name}.tsv",
            tracks=f"results/genres/measured/{measured_set}/{{name}}.tsv",
        output:
            figure=report(
                "results/genres/applied/{name}.svg",
                caption="../report/applied_genres.rst",
                category="New films and albums",
                labels={"name": "{name}"},
            ),
        log:
            "logs/plot_new_media/{name}.log",
        benchmark:
            "results/benchmarks/plot_new_media/{name}.tsv"
        wildcard_constraints:
            name="|".join(NEW_MEDIA),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_new_media"),
            runtime=duration("plot_new_media"),
        params:
            source=source_hash("plot_new_media"),
        script:
            "../../scripts/plot_new_media.py"
