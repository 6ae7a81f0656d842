"""Retrieval: which track fits a film, a plot, a picture, a scene?"""

from scorelens import retrieval
from scorelens.retrieval.demo import demo_plan as retrieval_demo_plan

FRAGMENTS = result_paths.RETRIEVAL_FRAGMENTS.format(
    film="{film}", ending=PLAN.retrieval.fragment_ending
)


rule synthesize_retrieval:
    """Compose the pictures, the plots and the further albums of the demo."""
    output:
        table=retrieval_demo_plan.TABLE,
        files=PLAN.retrieval.demo_files,
    params:
        genres=PLAN.corpus.genres,
        seed=config["seed"],
    script:
        "../../scripts/synthesize_retrieval.py"


rule embed_images:
    """Embed the pictures of all films with a frozen network."""
    input:
        pictures=watched(PLAN.retrieval.pictures.values()),
        weights=variables(config["retrieval"]["image"]),
    output:
        # The job reads the table that is there, and keeps the rows that still hold.
        table=update("results/retrieval/images.parquet"),
    resources:
        gpu=GPU,
    params:
        network=config["retrieval"]["image"],
        # A function, for Snakemake would take braces of a name for wildcards.
        pictures=lambda wildcards: PLAN.retrieval.pictures,
        unwatched=unwatched(PLAN.retrieval.pictures.values()),
    script:
        "../../scripts/embed_images.py"


rule embed_texts:
    """Embed the tags and the plots of all films with a frozen network."""
    input:
        plots=watched(PLAN.retrieval.plots),
        weights=variables(config["retrieval"]["text"]),
    output:
        table=update("results/retrieval/texts.parquet"),
    resources:
        gpu=GPU,
    params:
        network=config["retrieval"]["text"],
        segments=PLAN.retrieval.text_segments,
        films=list(PLAN.retrieval.films),
        tags=[list(film.tags) for film in PLAN.retrieval.films.values()],
        plots=lambda wildcards: PLAN.retrieval.plots,
        unwatched=unwatched(PLAN.retrieval.plots),
    script:
        "../../scripts/embed_texts.py"


for number, batch in enumerate(PLAN.retrieval.batches):

    rule embed_tracks:
        """Embed fragments of the tracks of a batch of films."""
        name:
            f"embed_tracks_{number}"
        input:
            files=watched(PLAN.retrieval.outside_files(batch)),
            tracks=expand(rules.check_corpus.output.tracks, film=PLAN.retrieval.in_corpus(batch)),
            features=list(filter(None, map(PLAN.retrieval.known_features, batch))),
            weights=[variables("musicnn")] if PLAN.retrieval.needs_musicnn(batch) else [],
            corpus=(
                ancient_copy(rules.gather_corpus.output.films)
                if PLAN.retrieval.in_corpus(batch)
                else []
            ),
        output:
            tracks=result_paths.RETRIEVAL_ALBUMS.format(batch=number),
            sounds=update(expand(FRAGMENTS, film=batch)),
        resources:
            gpu=GPU * PLAN.retrieval.needs_musicnn(batch),
        params:
            audio=config["retrieval"]["audio"],
            fragments_per_track=config["retrieval"]["fragments_per_track"],
            films=list(batch),
            # Functions, for Snakemake would take braces of a name for wildcards.
            folders=lambda wildcards, batch=batch: [
                PLAN.retrieval.films[film].album.folder for film in batch
            ],
            files=lambda wildcards, batch=batch: PLAN.retrieval.album_files(batch),
            corpus=[
                (
                    rules.check_corpus.output.tracks.format(film=film)
                    if PLAN.retrieval.is_of_corpus(film)
                    else None
                )
                for film in batch
            ],
            unwatched=unwatched(PLAN.retrieval.outside_files(batch)),
            features=list(map(PLAN.retrieval.known_features, batch)),
        script:
            "../../scripts/embed_tracks.py"


rule gather_retrieval:
    """Split the films by year, and gather the fragments of all their tracks."""
    input:
        images=rules.embed_images.output.table if PLAN.retrieval.uses_images else [],
        texts=rules.embed_texts.output.table if PLAN.retrieval.uses_texts else [],
        sounds=retrieval_films(FRAGMENTS),
        groups=(rules.group_corpus.output.groups if PLAN.retrieval.has_corpus_films else []),
    output:
        films="results/retrieval/films.tsv",
        tracks="results/retrieval/tracks.tsv",
        fragments="results/retrieval/fragments.npy",
    params:
        films=PLAN.retrieval.film_rows,
        configurations=PLAN.retrieval.film_parts,
        split=PLAN.retrieval.split_settings,
    script:
        "../../scripts/gather_retrieval.py"


rule train_retrieval:
    """Train one model of retrieval, and embed the test films and their tracks with it."""
    input:
        images=branch(
            lambda wildcards: retrieval.uses_image(wildcards.configuration),
            then=rules.embed_images.output.table,
        ),
        texts=branch(
            lambda wildcards: retrieval.text_segment(wildcards.configuration),
            then=rules.embed_texts.output.table,
        ),
        films=rules.gather_retrieval.output.films,
        tracks=rules.gather_retrieval.output.tracks,
        fragments=rules.gather_retrieval.output.fragments,
    output:
        model="results/retrieval/models/{configuration}.safetensors",
        curve="results/retrieval/curves/{configuration}.tsv",
        embeddings="results/retrieval/embeddings/{configuration}.parquet",
    wildcard_constraints:
        configuration="|".join(retrieval.CONFIGURATIONS),
    resources:
        gpu=GPU,
    params:
        encoders={key: config["retrieval"][key] for key in ("image", "text", "audio")},
        settings=lambda wildcards: PLAN.retrieval.training_settings(wildcards.configuration),
        seed=config["seed"],
        checkpoint="results/retrieval/models/{configuration}.checkpoint",
    script:
        "../../scripts/train_retrieval.py"


rule score_retrieval:
    """Score the models of retrieval on films and tracks that none was trained on."""
    input:
        embeddings=expand(
            rules.train_retrieval.output.embeddings, configuration=PLAN.retrieval.configurations
        ),
    output:
        scores="results/retrieval/scores.tsv",
        ranks="results/retrieval/ranks.tsv",
    params:
        samples=config["retrieval"]["bootstrap_repeats"],
        permutations=config["retrieval"]["permutation_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/score_retrieval.py"


rule plot_retrieval:
    """Draw how well films find their music, what each part adds, and the losses of the models."""
    input:
        scores=rules.score_retrieval.output.scores,
        curves=expand(
            rules.train_retrieval.output.curve, configuration=PLAN.retrieval.configurations
        ),
    output:
        recall=report(
            "results/retrieval/recall.svg",
            caption="../report/retrieval_recall.rst",
            category="Retrieval",
            labels={"figure": "how well films find their music"},
        ),
        ablation=report(
            "results/retrieval/ablation.svg",
            caption="../report/retrieval_ablation.rst",
            category="Retrieval",
            labels={"figure": "asked with less"},
        ),
        curves=report(
            "results/retrieval/curves.svg",
            caption="../report/retrieval_curves.rst",
            category="Retrieval",
            labels={"figure": "losses"},
        ),
    script:
        "../../scripts/plot_retrieval.py"
