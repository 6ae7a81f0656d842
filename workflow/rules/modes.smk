"""Music against picture: how films look whose labels, or whose music, say a genre."""

from scorelens import modes as music_and_picture

try:
    MODES_SET, MODES_MODEL = music_and_picture.choose_run(
        genre_runs(), config["modes"]["feature_set"], config["modes"]["model"]
    )
except InputError as error:
    raise WorkflowError(str(error)) from None


rule compare_modes:
    """Compare the picture of the films of each genre with that of the others."""
    input:
        predictions=f"results/genres/predictions/{MODES_SET}/{MODES_MODEL}.parquet",
        visuals=used_films("results/visuals/{film}.parquet"),
    output:
        scores="results/modes/scores.tsv",
    log:
        "logs/compare_modes.log",
    benchmark:
        "results/benchmarks/compare_modes.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("compare_modes"),
        runtime=duration("compare_modes"),
    params:
        source=source_hash("compare_modes"),
        feature_set=MODES_SET,
        model=MODES_MODEL,
        permutations=config["modes"]["permutations"],
        repeats=config["modes"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/compare_modes.py"


rule plot_modes:
    """Draw how the films of each genre differ in their picture."""
    input:
        scores="results/modes/scores.tsv",
    output:
        figure=report(
            "results/modes/scores.svg",
            caption="../report/modes.rst",
            category="Music and picture",
            labels={"figure": "genres against picture"},
        ),
    log:
        "logs/plot_modes.log",
    benchmark:
        "results/benchmarks/plot_modes.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("plot_modes"),
        runtime=duration("plot_modes"),
    params:
        source=source_hash("plot_modes"),
    script:
        "../../scripts/plot_modes.py"
