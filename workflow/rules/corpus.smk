"""The films, the albums behind them, and whether they can be used."""

import dataclasses

from scorelens.corpus.synthesis.demo_plan import DEMO_TRACKS


rule list_corpus:
    """Open the files of one album; list the tracks, and every problem."""
    input:
        files=lambda wildcards: watched(PLAN.corpus.albums[wildcards.album].files),
    output:
        tracks=result_paths.ALBUM_TRACKS,
        status="results/corpus/albums/{album}.status.tsv",
    params:
        folder=lambda wildcards: PLAN.corpus.albums[wildcards.album].folder,
        files=lambda wildcards: list(PLAN.corpus.albums[wildcards.album].files),
        unwatched=lambda wildcards: unwatched(PLAN.corpus.albums[wildcards.album].files),
    script:
        "../../scripts/list_corpus.py"


if PLAN.corpus.kind == "demo":

    rule make_corpus:
        """Compose an album of the demo corpus, and assemble a film with known cues from it."""
        output:
            video=result_paths.MADE_VIDEO,
            tracks=expand(
                f"{result_paths.DEMO_ALBUM}/{{track}}.flac", track=DEMO_TRACKS, allow_missing=True
            ),
            truth="results/corpus/truth/{film}.tsv",
        params:
            film=lambda wildcards: dataclasses.asdict(PLAN.corpus.demo_films[wildcards.film]),
            film_s=config["corpus"]["demo"]["film_s"],
        script:
            "../../scripts/make_corpus.py"

else:

    rule make_corpus:
        """Assemble a film with known cues from a real album, speech and effects."""
        input:
            files=lambda wildcards: watched(PLAN.corpus.films[wildcards.film].album.files),
            tracks=of_album(rules.list_corpus.output.tracks),
        output:
            video=result_paths.MADE_VIDEO,
            truth="results/corpus/truth/{film}.tsv",
        params:
            assembly=config["corpus"]["assembly"],
            seed=lambda wildcards: PLAN.corpus.film_seed(wildcards.film),
        script:
            "../../scripts/make_corpus.py"


rule check_corpus:
    """Open one film; write what it and its album hold, and every problem."""
    input:
        video=lambda wildcards: watched([PLAN.corpus.present_video(wildcards.film)]),
        tracks=of_album(rules.list_corpus.output.tracks),
        album=of_album(rules.list_corpus.output.status),
    output:
        status="results/corpus/status/{film}.tsv",
        tracks="results/corpus/tracks/{film}.tsv",
    params:
        video=lambda wildcards: PLAN.corpus.present_video(wildcards.film),
        unwatched=unwatched_video,
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
        video_bytes=lambda wildcards: PLAN.corpus.video_bytes(wildcards.film),
    script:
        "../../scripts/check_corpus.py"


rule inspect_corpus:
    """Check the published feature files; write what each film has and every problem."""
    input:
        published=watched([*PLAN.corpus.published_film_list, *PLAN.published_tables]),
    output:
        status="results/corpus/inspection.tsv",
    params:
        folder=lambda wildcards: PLAN.corpus.published_folder,
        genres=config["corpus"]["genres"],
        files=lambda wildcards: PLAN.published_files,
        unwatched=unwatched([*PLAN.corpus.published_film_list, *PLAN.published_tables]),
    script:
        "../../scripts/inspect_corpus.py"


checkpoint gather_corpus:
    """Join the checks of all films; stop at bad ones, or leave them out."""
    input:
        statuses=(
            [rules.inspect_corpus.output.status]
            if PLAN.corpus.is_published
            else expand(rules.check_corpus.output.status, film=PLAN.corpus.ordered_films)
        ),
        tracks=(
            []
            if PLAN.corpus.is_published
            else expand(rules.check_corpus.output.tracks, film=PLAN.corpus.ordered_films)
        ),
    output:
        films=result_paths.FILM_TABLE,
        tracks=result_paths.TRACK_TABLE,
        status="results/corpus/status.tsv",
    params:
        films=PLAN.corpus.film_rows,
        on_bad_film=config["corpus"]["on_bad_film"],
        warns_of_tags=PLAN.corpus.warns_of_tags,
    script:
        "../../scripts/gather_corpus.py"


rule group_corpus:
    """Group the films that share audio, or a name in the column `group` of the film table."""
    input:
        statuses=(
            rules.gather_corpus.input.statuses
            if PLAN.corpus.is_published
            else used_films(rules.check_corpus.output.status)
        ),
        tracks=media_films(rules.check_corpus.output.tracks),
        compared=(
            []
            if PLAN.corpus.is_published
            else [result_paths.SHARED_TRACKS, result_paths.SHARED_FILMS]
        ),
        # The ids alone are read.
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        groups="results/corpus/groups.tsv",
        shared="results/corpus/shared.tsv",
    params:
        # A function, for Snakemake would take braces of a name for wildcards.
        names=lambda wildcards: PLAN.corpus.group_names,
        albums=PLAN.corpus.album_ids,
    script:
        "../../scripts/group_corpus.py"
