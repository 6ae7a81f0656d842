"""The tagger: which film genres does a track say?"""

from scorelens import tagger

TAGGER = config["tagger"]
TAGGER_MODELS = TAGGER["models"]
HEARING_TAGGERS = [model for model in TAGGER_MODELS if tagger.MODELS[model]]
# Whose tags are drawn over time: the model that tags libraries.
SHOWN_TAGGER = TAGGER["apply"]["model"] or max(
    HEARING_TAGGERS or TAGGER_MODELS, key=list(tagger.MODELS).index, default=""
)
TAGGER_FIGURES = ("ranking", "genres", "confusions", "profiles")


def tagger_settings(wildcards):
    """The part of the configuration that a model of the tagger depends on."""
    own = ("genres", "least_tracks", "split", "folds")
    if wildcards.model in tagger.NETWORKS:
        own += ("tiles_per_track", "tiles_per_class", "network")
    if wildcards.model == "embedding_attention":
        own += ("attention",)
    return {key: TAGGER[key] for key in own}


def tagger_embeddings(wildcards):
    """The embeddings of all albums, if the model looks at them."""
    if tagger.MODELS[wildcards.model] != "embedding":
        return []
    pattern = f"results/features/{TAGGER['embedding']}{WHOLE}/{{film}}.parquet"
    return used_films(pattern)(wildcards)


rule extract_patches:
    """Cut the tracks of an album in tiles."""
    input:
        tracks="results/corpus/albums/{album}.tsv",
        corpus=ancient("results/corpus/films.tsv"),
    output:
        tiles="results/tagger/inputs/{album}.npz",
    log:
        "logs/extract_patches/{album}.log",
    benchmark:
        "results/benchmarks/extract_patches/{album}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("extract_patches"),
        runtime=duration("extract_patches"),
    params:
        source=source_hash("extract_patches"),
    script:
        "../../scripts/extract_patches.py"


rule train_tagger:
    """Train one model of the tagger: every fold, and the one for new music."""
    input:
        films="results/corpus/films.tsv",
        tiles=used_albums("results/tagger/inputs/{album}.npz"),
        embeddings=tagger_embeddings,
    output:
        model="results/tagger/models/{model}.safetensors",
        tiles="results/tagger/tiles/{model}.parquet",
        tracks="results/tagger/tracks/{model}.parquet",
    log:
        "logs/train_tagger/{model}.log",
    benchmark:
        "results/benchmarks/train_tagger/{model}.tsv"
    wildcard_constraints:
        model="|".join(tagger.MODELS),
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("train_tagger"),
        runtime=duration("train_tagger"),
        gpu=lambda wildcards: config["resources"]["gpu"]
        * (wildcards.model in (*tagger.NETWORKS, "embedding_attention")),
    params:
        source=source_hash("train_tagger"),
        albums={film: FILMS[film].album.album_id for film in ORDERED_FILMS},
        settings=tagger_settings,
        embedding=lambda wildcards: (
            TAGGER["embedding"] if tagger.MODELS[wildcards.model] == "embedding" else ""
        ),
        seed=config["seed"],
    script:
        "../../scripts/train_tagger.py"


if TAGGER_MODELS:

    rule score_tagger:
        """Score the models of the tagger on tracks whose film they never heard."""
        input:
            tiles=expand("results/tagger/tiles/{model}.parquet", model=TAGGER_MODELS),
            tracks=expand("results/tagger/tracks/{model}.parquet", model=TAGGER_MODELS),
        output:
            scores="results/tagger/scores.tsv",
            confusions="results/tagger/confusions.tsv",
            verdicts="results/tagger/verdicts.tsv",
        log:
            "logs/score_tagger.log",
        benchmark:
            "results/benchmarks/score_tagger.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("score_tagger"),
            runtime=duration("score_tagger"),
        params:
            source=source_hash("score_tagger"),
            models=TAGGER_MODELS,
            tops=TAGGER["tops"],
            samples=TAGGER["bootstrap_repeats"],
            permutations=TAGGER["permutation_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/score_tagger.py"

    rule plot_tagger:
        """Draw how good the tagger is, and the tags of some tracks over their time."""
        input:
            scores="results/tagger/scores.tsv",
            confusions="results/tagger/confusions.tsv",
            tiles=f"results/tagger/tiles/{SHOWN_TAGGER}.parquet",
            tracks=f"results/tagger/tracks/{SHOWN_TAGGER}.parquet",
            films="results/corpus/films.tsv",
            albums="results/corpus/tracks.tsv",
        output:
            ranking=report(
                "results/tagger/ranking.svg",
                caption="../report/tagger_ranking.rst",
                category="Tagger",
                labels={"figure": "how well tracks and tiles are ranked"},
            ),
            genres=report(
                "results/tagger/genres.svg",
                caption="../report/tagger_genres.rst",
                category="Tagger",
                labels={"figure": "genre by genre"},
            ),
            confusions=report(
                "results/tagger/confusions.svg",
                caption="../report/tagger_confusions.rst",
                category="Tagger",
                labels={"figure": "genres taken for each other"},
            ),
            profiles=report(
                "results/tagger/profiles.svg",
                caption="../report/tagger_profiles.rst",
                category="Tagger",
                labels={"figure": "tracks over their time"},
            ),
        log:
            "logs/plot_tagger.log",
        benchmark:
            "results/benchmarks/plot_tagger.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_tagger"),
            runtime=duration("plot_tagger"),
        params:
            source=source_hash("plot_tagger"),
            model=SHOWN_TAGGER,
        script:
            "../../scripts/plot_tagger.py"
