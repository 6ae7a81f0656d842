"""Trailers: does the picture or the sound give the genre away?"""

from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.trailers.demo import demo_plan as trailer_plan
from scorelens.trailers.data import table as trailer_table
from scorelens.trailers.data.label_filter import taught_genres

TRAILER_SETTINGS = config["trailers"]
TRAILERS_AT_ONCE = 60  # or somewhat more, that a job samples, or asks its network about
FRAME_NETWORKS = TRAILER_SETTINGS["frame_networks"]
SOUND_NETWORKS = TRAILER_SETTINGS["sound_networks"]


def read_trailers():
    """The trailers, by id."""
    if not TRAILER_SETTINGS["models"]:
        return {}
    if TRAILER_SETTINGS["trailers"]:
        found = trailer_table.read_trailers(
            TRAILER_SETTINGS["trailers"], TRAILER_SETTINGS["genres"]
        )
    else:
        found = trailer_plan.demo_trailers(
            list(FILMS.values()), TRAILER_SETTINGS["genres"], config["seed"]
        )
    return {trailer.trailer_id: trailer for trailer in found}


try:
    TRAILERS = read_trailers()
    TAUGHT = taught_genres([*TRAILERS.values()], TRAILER_SETTINGS["genres"]) if TRAILERS else []
    TRAILER_RUNS = trailers.runs(TRAILER_SETTINGS["models"], FRAME_NETWORKS, SOUND_NETWORKS)
except InputError as error:
    raise WorkflowError(str(error)) from None

TRAILER_TABLE = TRAILER_SETTINGS["trailers"] or trailer_plan.TABLE
# What stands for the picture and for the sound, where the run has both.
ARMS = [trailers.arm_run(arm, TRAILER_RUNS) for arm in (trailers.PICTURE, trailers.SOUND)]
TRAILER_FIGURES = ["arms", "scores"] + ["examples"] * all(ARMS)
TRAILER_BATCHES = trailers.batches(TRAILERS, TRAILERS_AT_ONCE)
TRAILER_SAMPLES = [f"results/trailers/samples/{trailer}.npz" for trailer in TRAILERS]


def of_run(kind, run):
    """A table of what a run says."""
    network, model = run
    return f"results/trailers/{kind}/{network}/{model}.parquet"


def trailer_samples(wildcards):
    """The frames and sounds of all trailers, if a model learns from them itself."""
    return TRAILER_SAMPLES if wildcards.model in trailers.NETWORKS else []


def trailer_vectors(wildcards):
    """What a run's network says of all trailers, if it has one."""
    if wildcards.network == "none":
        return []
    return expand(
        "results/trailers/vectors/{network}/{batch}.parquet",
        network=wildcards.network,
        batch=TRAILER_BATCHES,
    )


def trailer_settings(wildcards):
    """The part of the configuration that the training of a model depends on."""
    own = ("genres", "folds")
    if wildcards.model in trailers.NETWORKS:
        own += ("network",)
    if wildcards.model in trailers.ATTENTIVE:
        own += ("attention",)
    return {key: TRAILER_SETTINGS[key] for key in own}


if TRAILERS and not TRAILER_SETTINGS["trailers"]:

    rule synthesize_trailers:
        """Cut trailers from the films of the demo, and compose further ones."""
        input:
            films=expand("results/corpus/media/{film}/film.mp4", film=FILMS),
        output:
            table="results/trailers/demo/trailers.tsv",
            videos=[trailer.video for trailer in TRAILERS.values()],
        log:
            "logs/synthesize_trailers.log",
        benchmark:
            "results/benchmarks/synthesize_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("synthesize_trailers"),
            runtime=duration("synthesize_trailers"),
        params:
            source=source_hash("synthesize_trailers"),
            films={film.film_id: [film.title, list(film.genres)] for film in FILMS.values()},
            seed=config["seed"],
        script:
            "../../scripts/synthesize_trailers.py"


for number, batch in TRAILER_BATCHES.items():

    rule sample_trailers:
        """Sample the frames and the sound of a batch of trailers."""
        name:
            f"sample_trailers_{number}"
        input:
            videos=paths.watched(TRAILERS[name].video for name in batch),
        output:
            samples=expand("results/trailers/samples/{trailer}.npz", trailer=batch),
            table=f"results/trailers/samples/{number}.tsv",
        log:
            f"logs/sample_trailers/{number}.log",
        benchmark:
            f"results/benchmarks/sample_trailers/{number}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("sample_trailers"),
            runtime=duration("sample_trailers"),
        params:
            source=source_hash("sample_trailers"),
            # A function, for Snakemake would take braces of a name for wildcards.
            videos=lambda wildcards, batch=batch: {name: TRAILERS[name].video for name in batch},
            unwatched=paths.unwatched(TRAILERS[name].video for name in batch),
            settings=TRAILER_SETTINGS["sampling"],
        script:
            "../../scripts/sample_trailers.py"


if TRAILERS:

    rule embed_trailers:
        """Ask a frozen network about the frames, or the sound, of a batch of trailers."""
        input:
            samples=lambda wildcards: expand(
                "results/trailers/samples/{trailer}.npz",
                trailer=TRAILER_BATCHES[int(wildcards.batch)],
            ),
            weights="results/pretrained/{network}.safetensors",
        output:
            table="results/trailers/vectors/{network}/{batch}.parquet",
        log:
            "logs/embed_trailers/{network}/{batch}.log",
        benchmark:
            "results/benchmarks/embed_trailers/{network}/{batch}.tsv"
        wildcard_constraints:
            network="|".join((*IMAGE_ENCODERS, *AUDIO_ENCODERS)),
            batch="[0-9]+",
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_trailers"),
            runtime=duration("embed_trailers"),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_trailers"),
            trailers=lambda wildcards: TRAILER_BATCHES[int(wildcards.batch)],
        script:
            "../../scripts/embed_trailers.py"

    rule train_trailers:
        """Train one model of trailers, on what a network says of them or on themselves."""
        input:
            table=paths.watched([TRAILER_TABLE]),
            samples=trailer_samples,
            vectors=trailer_vectors,
        output:
            predictions="results/trailers/predictions/{network}/{model}.parquet",
            moments="results/trailers/moments/{network}/{model}.parquet",
        log:
            "logs/train_trailers/{network}/{model}.log",
        benchmark:
            "results/benchmarks/train_trailers/{network}/{model}.tsv"
        wildcard_constraints:
            network="|".join(("none", *IMAGE_ENCODERS, *AUDIO_ENCODERS)),
            model="|".join(model for model in trailers.MODELS if model != trailers.FUSION),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("train_trailers"),
            runtime=duration("train_trailers"),
            gpu=lambda wildcards: config["resources"]["gpu"]
            * (wildcards.model in (*trailers.NETWORKS, *trailers.ATTENTIVE)),
        params:
            source=source_hash("train_trailers"),
            table=lambda wildcards: TRAILER_TABLE,
            unwatched=paths.unwatched([TRAILER_TABLE]),
            trailers=lambda wildcards: list(TRAILERS) if trailer_samples(wildcards) else [],
            settings=trailer_settings,
            seed=config["seed"],
        script:
            "../../scripts/train_trailers.py"

    rule score_trailers:
        """Score the models of trailers, and hold picture and sound side by side."""
        input:
            predictions=[of_run("predictions", run) for run in TRAILER_RUNS],
        output:
            scores="results/trailers/scores.tsv",
            arms="results/trailers/arms.tsv",
        log:
            "logs/score_trailers.log",
        benchmark:
            "results/benchmarks/score_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("score_trailers"),
            runtime=duration("score_trailers"),
        params:
            source=source_hash("score_trailers"),
            runs=TRAILER_RUNS,
            thresholds=TRAILER_SETTINGS["thresholds"],
            samples=TRAILER_SETTINGS["bootstrap_repeats"],
            permutations=TRAILER_SETTINGS["permutation_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/score_trailers.py"

    rule plot_trailers:
        """Draw picture against sound, the scores of all models, and moments that decided."""
        input:
            scores="results/trailers/scores.tsv",
            arms="results/trailers/arms.tsv",
            predictions=[of_run("predictions", run) for run in ARMS] if all(ARMS) else [],
            moments=[of_run("moments", run) for run in ARMS] if all(ARMS) else [],
            samples=TRAILER_SAMPLES if all(ARMS) else [],
        output:
            **{
                figure: report(
                    f"results/trailers/{figure}.svg",
                    caption=f"../report/trailers_{figure}.rst",
                    category="Trailers",
                    labels={"figure": figure},
                )
                for figure in TRAILER_FIGURES
            },
        log:
            "logs/plot_trailers.log",
        benchmark:
            "results/benchmarks/plot_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_trailers"),
            runtime=duration("plot_trailers"),
        params:
            source=source_hash("plot_trailers"),
            trailers=list(TRAILERS) if all(ARMS) else [],
        script:
            "../../scripts/plot_trailers.py"


if (trailers.NO_NETWORK, trailers.FUSION) in TRAILER_RUNS:

    rule fuse_trailers:
        """Fuse what the attention over frames and the one over sound say of trailers."""
        input:
            arms=[of_run("predictions", run) for run in ARMS],
        output:
            predictions="results/trailers/predictions/none/fusion.parquet",
        log:
            "logs/fuse_trailers.log",
        benchmark:
            "results/benchmarks/fuse_trailers.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("fuse_trailers"),
            runtime=duration("fuse_trailers"),
        params:
            source=source_hash("fuse_trailers"),
        script:
            "../../scripts/fuse_trailers.py"
