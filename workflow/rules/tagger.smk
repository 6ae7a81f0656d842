"""The tagger: film genres of single tracks."""

from scorelens import tagger
from scorelens.plan.features import WHOLE_TRACKS


rule extract_patches:
    """Cut the tracks of an album in tiles."""
    input:
        tracks=rules.list_corpus.output.tracks,
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        tiles="results/tagger/inputs/{album}.npz",
    script:
        "../../scripts/extract_patches.py"


rule train_tagger:
    """Train one model of the tagger: every fold, and the one for new music."""
    input:
        films=rules.gather_corpus.output.films,
        tiles=used_albums(rules.extract_patches.output.tiles),
        embeddings=branch(
            lambda wildcards: PLAN.tagger.embedding(wildcards.model),
            then=used_films(
                result_paths.FEATURES.format(
                    set=f"{config['tagger']['embedding']}{WHOLE_TRACKS}", film="{film}"
                )
            ),
            otherwise=[],
        ),
        groups=rules.group_corpus.output.groups,
    output:
        model="results/tagger/models/{model}.safetensors",
        tiles="results/tagger/tiles/{model}.parquet",
        tracks="results/tagger/tracks/{model}.parquet",
    wildcard_constraints:
        model="|".join(tagger.MODELS),
    resources:
        gpu=lambda wildcards: GPU * tagger.MODEL_SPECS[wildcards.model].uses_gpu,
    params:
        albums=PLAN.corpus.album_ids,
        settings=lambda wildcards: PLAN.tagger.model_settings(wildcards.model),
        embedding=lambda wildcards: PLAN.tagger.embedding(wildcards.model),
        seed=config["seed"],
    script:
        "../../scripts/train_tagger.py"


rule score_tagger:
    """Score the models of the tagger on tracks of films that they were not trained on."""
    input:
        tiles=expand(rules.train_tagger.output.tiles, model=PLAN.tagger.models),
        tracks=expand(rules.train_tagger.output.tracks, model=PLAN.tagger.models),
    output:
        scores="results/tagger/scores.tsv",
        confusions="results/tagger/confusions.tsv",
        outcomes="results/tagger/outcomes.tsv",
    params:
        models=list(PLAN.tagger.models),
        tops=config["tagger"]["tops"],
        samples=config["tagger"]["bootstrap_repeats"],
        permutations=config["tagger"]["permutation_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/score_tagger.py"


rule plot_tagger:
    """Draw how good the tagger is, and the tags of some tracks over their time."""
    input:
        scores=rules.score_tagger.output.scores,
        confusions=rules.score_tagger.output.confusions,
        tiles=rules.train_tagger.output.tiles.format(model=PLAN.tagger.shown_model),
        tracks=rules.train_tagger.output.tracks.format(model=PLAN.tagger.shown_model),
        films=rules.gather_corpus.output.films,
        albums=rules.gather_corpus.output.tracks,
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
    params:
        model=PLAN.tagger.shown_model,
    script:
        "../../scripts/plot_tagger.py"
