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


rule describe_labels:
    """Count the films, tracks and years of each genre, and draw them."""
    input:
        films=rules.gather_corpus.output.films,
        tiles=used_albums(rules.extract_patches.output.tiles),
        groups=rules.group_corpus.output.groups,
    output:
        labels="results/tagger/labels.tsv",
        pairs="results/tagger/label_pairs.tsv",
        figure=report(
            "results/tagger/labels.svg",
            caption="../report/tagger_labels.rst",
            category="Tagger",
            labels={"figure": "genres of the films, in pairs, and their years"},
        ),
    params:
        albums={film: PLAN.corpus.films[film].album.album_id for film in PLAN.corpus.ordered_films},
        genres=config["tagger"]["genres"],
        min_tracks=config["tagger"]["min_tracks"],
    script:
        "../../scripts/describe_labels.py"


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
        curves="results/tagger/curves/{model}.parquet",
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
        groups=rules.group_corpus.output.groups,
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


rule compare_tagger:
    """Compare every pair of the tagger's models on the same tracks."""
    input:
        tracks=rules.score_tagger.input.tracks,
        groups=rules.group_corpus.output.groups,
    output:
        comparisons="results/tagger/comparisons.tsv",
    params:
        models=list(PLAN.tagger.models),
        samples=config["tagger"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/compare_tagger.py"


rule calibrate_tagger:
    """Measure whether the probabilities of the tagger's models are true."""
    input:
        tracks=rules.score_tagger.input.tracks,
        groups=rules.group_corpus.output.groups,
    output:
        calibration="results/tagger/calibration.tsv",
        reliability="results/tagger/reliability.tsv",
        figure=report(
            "results/tagger/calibration.svg",
            caption="../report/tagger_calibration.rst",
            category="Tagger",
            labels={"figure": "predicted probability and share of true genres"},
        ),
    params:
        models=list(PLAN.tagger.models),
        embedding=config["tagger"]["embedding"],
        samples=config["tagger"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/calibrate_tagger.py"


rule summarize_losses:
    """Summarize and draw how the networks of the tagger trained."""
    input:
        curves=expand(rules.train_tagger.output.curves, model=PLAN.tagger.with_curves),
    output:
        losses="results/tagger/losses.tsv",
        figure=report(
            "results/tagger/losses.svg",
            caption="../report/tagger_losses.rst",
            category="Tagger",
            labels={"figure": "losses in training and validation"},
        ),
    params:
        models=list(PLAN.tagger.with_curves),
    script:
        "../../scripts/summarize_losses.py"


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
        primary=PLAN.tagger.primary,
    script:
        "../../scripts/plot_tagger.py"
