"""Libraries of any music, searches in all music, and the evaluation by scenes."""


rule embed_library:
    """Embed fragments of the tracks of one part of a library."""
    input:
        sound=lambda wildcards: watched(PLAN.retrieval.library_parts[wildcards.part].paths),
        weights=[variables("musicnn")] if PLAN.retrieval.uses_musicnn else [],
    output:
        sounds=result_paths.RETRIEVAL_LIBRARY.format(
            library="{library}", part="{part}", ending=PLAN.retrieval.fragment_ending
        ),
        table=result_paths.RETRIEVAL_LIBRARY.format(
            library="{library}", part="{part}", ending="tsv"
        ),
    resources:
        gpu=GPU * PLAN.retrieval.uses_musicnn,
    params:
        audio=config["retrieval"]["audio"],
        fragments_per_track=config["retrieval"]["fragments_per_track"],
        folder=lambda wildcards: PLAN.retrieval.library_parts[wildcards.part].folder,
        files=lambda wildcards: list(PLAN.retrieval.library_parts[wildcards.part].files),
        unwatched=lambda wildcards: unwatched(PLAN.retrieval.library_parts[wildcards.part].paths),
    script:
        "../../scripts/embed_library.py"


if PLAN.retrieval.configurations:

    rule read_subtitles:
        """Find the subtitles that are shown in each scene of a film."""
        input:
            cues=film_cues,
            subtitles=lambda wildcards: watched([PLAN.retrieval.subtitles[wildcards.film]]),
        output:
            words="results/retrieval/scenes/{film}.parquet",
        params:
            # A function, for Snakemake would take braces of a name for wildcards.
            subtitles=lambda wildcards: PLAN.retrieval.subtitles[wildcards.film],
            unwatched=lambda wildcards: unwatched([PLAN.retrieval.subtitles[wildcards.film]]),
        script:
            "../../scripts/read_subtitles.py"

    rule evaluate_scenes:
        """Evaluate the searching model on scenes: how high does the track rank that plays there?"""
        input:
            model=rules.train_retrieval.output.model.format(
                configuration=PLAN.retrieval.search_model
            ),
            embeddings=rules.train_retrieval.output.embeddings.format(
                configuration=PLAN.retrieval.search_model
            ),
            films=rules.gather_retrieval.output.films,
            scenes=scene_films(scenes_by(config["retrieval"]["image"])),
            words=over_films(
                rules.read_subtitles.output.words,
                lambda used: [film for film in used if film in PLAN.retrieval.subtitles],
            ),
            texts=[rules.embed_texts.output.table] if PLAN.retrieval.search_reads_texts else [],
            weights=(
                [variables(config["retrieval"]["text"])]
                if PLAN.retrieval.search_reads_subtitles
                else []
            ),
        output:
            scores="results/retrieval/scenes.tsv",
            figure=report(
                "results/retrieval/scenes.svg",
                caption="../report/retrieval_scenes.rst",
                category="Retrieval",
                labels={"figure": "scenes"},
            ),
        params:
            samples=config["retrieval"]["bootstrap_repeats"],
            permutations=config["retrieval"]["permutation_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/evaluate_scenes.py"

    rule index_retrieval:
        """Embed all music that can be searched, with the searching model."""
        input:
            model=rules.evaluate_scenes.input.model,
            albums=retrieval_films(FRAGMENTS),
            tracks=retrieval_batches,
            parts=PLAN.retrieval.library_paths(PLAN.retrieval.fragment_ending),
            part_tables=PLAN.retrieval.library_paths("tsv"),
        output:
            index="results/retrieval/index.npz",
            table="results/retrieval/index.parquet",
        resources:
            gpu=GPU * (not PLAN.retrieval.uses_musicnn),
        params:
            films=indexed_films,
            parts=[(part.library, part.folder) for part in PLAN.retrieval.library_parts.values()],
        script:
            "../../scripts/index_retrieval.py"

    rule search_retrieval:
        """Answer the searches of the config: a table, and a page to play the tracks on."""
        input:
            **{
                kind: list(map(variables, networks))
                for kind, networks in PLAN.retrieval.query_networks.items()
            },
            model=rules.evaluate_scenes.input.model,
            index=rules.index_retrieval.output.index,
            names=rules.index_retrieval.output.table,
            asked=watched(PLAN.retrieval.query_files),
        output:
            results="results/retrieval/searches.tsv",
            page="results/retrieval/searches.html",
        params:
            searches=[search._asdict() for search in PLAN.retrieval.searches],
            unwatched=unwatched(PLAN.retrieval.query_files),
            tracks=config["retrieval"]["search"]["tracks"],
            frames=config["scenes"]["frames"],
            fragments=config["retrieval"]["fragments_per_track"],
        script:
            "../../scripts/search_retrieval.py"
