"""New films and albums, given to the saved genre models."""

from scorelens.plan.features import NETWORK_SETS


rule extract_new_media:
    """Measure a new film or album, from beginning to end, for the genre models."""
    input:
        sound=lambda wildcards: watched(PLAN.genres.media[wildcards.name].files),
        weights=branch(
            lambda wildcards: wildcards.set in NETWORK_SETS,
            then=lambda wildcards: [variables(wildcards.set)],
            otherwise=[],
        ),
    output:
        table="results/genres/measured/{set}/{name}.parquet",
        tracks="results/genres/measured/{set}/{name}.tsv",
    resources:
        gpu=lambda wildcards: GPU * (wildcards.set in NETWORK_SETS),
    params:
        path=lambda wildcards: PLAN.genres.media[wildcards.name].path,
        files=lambda wildcards: list(PLAN.genres.media[wildcards.name].files),
        is_album=lambda wildcards: PLAN.genres.media[wildcards.name].is_album,
        unwatched=lambda wildcards: unwatched(PLAN.genres.media[wildcards.name].files),
        profile=lambda wildcards: config["features"]["profile"] if wildcards.set == "mir" else None,
    script:
        "../../scripts/extract_new_media.py"


if PLAN.genres.applied:

    rule apply_genres:
        """Predict the genres of a new film or album, over its time and as a whole."""
        input:
            features=rules.extract_new_media.output.table.format(
                set=PLAN.genres.applied_features, name="{name}"
            ),
            models=genre_run(rules.gather_genres.output.models, PLAN.genres.applied),
        output:
            windows="results/genres/applied/{name}.parquet",
            predictions="results/genres/applied/{name}.tsv",
        params:
            is_album=lambda wildcards: PLAN.genres.media[wildcards.name].is_album,
            window_s=config["genres"]["apply"]["window_s"],
            hop_s=config["genres"]["apply"]["hop_s"],
        script:
            "../../scripts/apply_genres.py"

    rule plot_new_media:
        """Draw the genres of a new film or album over its time."""
        input:
            windows=rules.apply_genres.output.windows,
            predictions=rules.apply_genres.output.predictions,
            tracks=rules.extract_new_media.output.tracks.format(
                set=PLAN.genres.applied_features, name="{name}"
            ),
        output:
            figure=report(
                "results/genres/applied/{name}.svg",
                caption="../report/applied_genres.rst",
                category="New films and albums",
                labels={"name": "{name}"},
            ),
        script:
            "../../scripts/plot_new_media.py"
