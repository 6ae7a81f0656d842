"""Frame features of the cues, one table a film and feature set."""

from scorelens.plan.features import COMPUTED_SETS, NETWORK_SETS, WHOLE_TRACKS

if PLAN.corpus.is_published:

    rule unpack_features:
        """Unpack a published feature set into a table of each film."""
        input:
            published=lambda wildcards: watched(PLAN.published_files[wildcards.set]),
            corpus=ancient_copy(rules.gather_corpus.output.films),
        output:
            tables=expand(result_paths.FEATURES, film=PLAN.corpus.films, allow_missing=True),
        wildcard_constraints:
            set="|".join(PLAN.published_files),
        params:
            published=lambda wildcards: PLAN.published_files[wildcards.set],
            unwatched=lambda wildcards: unwatched(PLAN.published_files[wildcards.set]),
        script:
            "../../scripts/unpack_features.py"

else:

    rule extract_features:
        """Measure one feature set on the cues of one film, once a second."""
        input:
            # Whole tracks need no cues.
            cues=branch(
                lambda wildcards: wildcards.set.endswith(WHOLE_TRACKS),
                then=[],
                otherwise=lambda wildcards: [film_cues(wildcards)],
            ),
            tracks=rules.check_corpus.output.tracks,
            video=lambda wildcards: watched(
                [PLAN.features.measured_video(wildcards.film, wildcards.set)]
            ),
            corpus=ancient_copy(rules.gather_corpus.output.films),
        output:
            table=result_paths.FEATURES,
        wildcard_constraints:
            set=f"({'|'.join(COMPUTED_SETS)})({WHOLE_TRACKS})?",
        params:
            sound=config["features"]["source"],
            video=lambda wildcards: PLAN.features.measured_video(wildcards.film, wildcards.set),
            audio=lambda wildcards: PLAN.features.measured_audio(wildcards.film, wildcards.set),
            unwatched=lambda wildcards: unwatched(
                [PLAN.features.measured_video(wildcards.film, wildcards.set)]
            ),
            # Only the set that has profiles is measured again when another is chosen.
            profile=lambda wildcards: (
                config["features"]["profile"] if wildcards.set.startswith("mir") else None
            ),
        script:
            "../../scripts/extract_features.py"

    for number, batch in enumerate(PLAN.features.batches):

        rule embed_features:
            """Measure a network's embeddings on the cues of a batch of films, once a second."""
            name:
                f"embed_features_{number}"
            input:
                weights=lambda wildcards: variables(wildcards.set.removesuffix(WHOLE_TRACKS)),
                cues=branch(
                    lambda wildcards: wildcards.set.endswith(WHOLE_TRACKS),
                    then=[],
                    otherwise=list(map(PLAN.cues.table, batch)),
                ),
                tracks=expand(rules.check_corpus.output.tracks, film=batch),
                videos=lambda wildcards, batch=batch: watched(
                    PLAN.features.measured_videos(batch, wildcards.set)
                ),
                corpus=ancient_copy(rules.gather_corpus.output.films),
            output:
                # The job reads the tables that are there, and keeps those that still hold.
                tables=update(expand(result_paths.FEATURES, film=batch, allow_missing=True)),
            wildcard_constraints:
                set=f"({'|'.join(NETWORK_SETS)})({WHOLE_TRACKS})?",
            resources:
                gpu=GPU,
            params:
                sound=lambda wildcards: (
                    "album"
                    if wildcards.set.endswith(WHOLE_TRACKS)
                    else config["features"]["source"]
                ),
                films=list(batch),
                audios=lambda wildcards, batch=batch: [
                    PLAN.features.measured_audio(film, wildcards.set) for film in batch
                ],
                videos=lambda wildcards, batch=batch: PLAN.features.measured_videos(
                    batch, wildcards.set
                ),
                unwatched=lambda wildcards, batch=batch: unwatched(
                    PLAN.features.measured_videos(batch, wildcards.set)
                ),
            script:
                "../../scripts/embed_features.py"
