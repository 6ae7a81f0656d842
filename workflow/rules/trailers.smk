"""Trailers: genres predicted from their picture and from their sound."""

from scorelens import trailers
from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.trailers.demo import demo_plan as trailer_plan

NETWORKS = (*IMAGE_ENCODERS, *AUDIO_ENCODERS)


rule synthesize_trailers:
    """Cut trailers from the films of the demo, and compose further ones."""
    input:
        films=expand(rules.make_corpus.output.video, film=PLAN.corpus.films),
    output:
        table=trailer_plan.TABLE,
        videos=PLAN.trailers.demo_videos,
    params:
        films={film.film_id: [film.title, list(film.genres)] for film in PLAN.corpus.films.values()},
        seed=config["seed"],
    script:
        "../../scripts/synthesize_trailers.py"


for number, batch in PLAN.trailers.batches.items():

    rule sample_trailers:
        """Sample the frames and the sound of a batch of trailers."""
        name:
            f"sample_trailers_{number}"
        input:
            videos=watched(PLAN.trailers.videos(batch).values()),
        output:
            samples=expand(result_paths.TRAILER_SAMPLES, trailer=batch),
            table=result_paths.TRAILER_SAMPLE_TABLE.format(batch=number),
        params:
            # A function, for Snakemake would take braces of a name for wildcards.
            videos=lambda wildcards, batch=batch: PLAN.trailers.videos(batch),
            unwatched=unwatched(PLAN.trailers.videos(batch).values()),
            settings=config["trailers"]["sampling"],
        script:
            "../../scripts/sample_trailers.py"


rule embed_trailers:
    """Embed the frames, or the sound, of a batch of trailers with a frozen network."""
    input:
        samples=lambda wildcards: expand(
            result_paths.TRAILER_SAMPLES, trailer=PLAN.trailers.batches[int(wildcards.batch)]
        ),
        weights=rules.fetch_pretrained.output.variables,
    output:
        table="results/trailers/vectors/{network}/{batch}.parquet",
    wildcard_constraints:
        network="|".join(NETWORKS),
        batch="[0-9]+",
    resources:
        gpu=GPU,
    params:
        trailers=lambda wildcards: PLAN.trailers.batches[int(wildcards.batch)],
    script:
        "../../scripts/embed_trailers.py"


rule group_trailers:
    """Group the titles that share a name in the column `group`, or whose films are grouped."""
    input:
        table=watched([PLAN.trailers.table]),
        groups=rules.group_corpus.output.groups if PLAN.trailers.needs_film_groups else [],
    output:
        groups="results/trailers/groups.tsv",
    params:
        table=lambda wildcards: PLAN.trailers.table,
        unwatched=unwatched([PLAN.trailers.table]),
        genres=config["trailers"]["genres"],
        films=lambda wildcards: PLAN.trailers.film_titles,
    script:
        "../../scripts/group_trailers.py"


rule train_trailers:
    """Train one model of trailers, on a network's embeddings of them or on themselves."""
    input:
        table=watched([PLAN.trailers.table]),
        groups=rules.group_trailers.output.groups,
        samples=branch(
            lambda wildcards: wildcards.model in trailers.NETWORKS,
            then=expand(result_paths.TRAILER_SAMPLES, trailer=PLAN.trailers.trailers),
        ),
        vectors=branch(
            lambda wildcards: wildcards.network != trailers.NO_NETWORK,
            then=expand(
                rules.embed_trailers.output.table, batch=PLAN.trailers.batches, allow_missing=True
            ),
        ),
    output:
        predictions=result_paths.TRAILER_PREDICTIONS,
        moments="results/trailers/moments/{network}/{model}.parquet",
    wildcard_constraints:
        network="|".join((trailers.NO_NETWORK, *NETWORKS)),
        model="|".join(model for model in trailers.MODELS if model != trailers.FUSION),
    resources:
        gpu=lambda wildcards: GPU * trailers.MODEL_SPECS[wildcards.model].uses_gpu,
    params:
        table=lambda wildcards: PLAN.trailers.table,
        unwatched=unwatched([PLAN.trailers.table]),
        trailers=lambda wildcards: (
            list(PLAN.trailers.trailers) if wildcards.model in trailers.NETWORKS else []
        ),
        settings=lambda wildcards: PLAN.trailers.model_settings(wildcards.model),
        seed=config["seed"],
    script:
        "../../scripts/train_trailers.py"


rule score_trailers:
    """Score the models of trailers, and compare picture with sound."""
    input:
        predictions=[
            trailer_run(result_paths.TRAILER_PREDICTIONS, run) for run in PLAN.trailers.runs
        ],
    output:
        scores="results/trailers/scores.tsv",
        modalities="results/trailers/modalities.tsv",
    params:
        runs=list(PLAN.trailers.runs),
        thresholds=config["trailers"]["thresholds"],
        samples=config["trailers"]["bootstrap_repeats"],
        permutations=config["trailers"]["permutation_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/score_trailers.py"


rule plot_trailers:
    """Draw picture against sound, the scores of all models, and moments that decided."""
    input:
        scores=rules.score_trailers.output.scores,
        modalities=rules.score_trailers.output.modalities,
        predictions=[
            trailer_run(result_paths.TRAILER_PREDICTIONS, run)
            for run in PLAN.trailers.compared_runs
        ],
        moments=[
            trailer_run(rules.train_trailers.output.moments, run)
            for run in PLAN.trailers.compared_runs
        ],
        samples=expand(result_paths.TRAILER_SAMPLES, trailer=PLAN.trailers.drawn_trailers),
    output:
        **{
            figure: report(
                f"results/trailers/{figure}.svg",
                caption=f"../report/trailers_{figure}.rst",
                category="Trailers",
                labels={"figure": figure},
            )
            for figure in PLAN.trailers.figures
        },
    params:
        trailers=PLAN.trailers.drawn_trailers,
    script:
        "../../scripts/plot_trailers.py"


rule fuse_trailers:
    """Fuse the predictions of the attention over frames and of the one over sound."""
    input:
        modalities=rules.plot_trailers.input.predictions,
    output:
        predictions=trailer_run(
            result_paths.TRAILER_PREDICTIONS, (trailers.NO_NETWORK, trailers.FUSION)
        ),
    script:
        "../../scripts/fuse_trailers.py"
