"""Music against picture: how films look whose labels, or whose music, say a genre."""

from scorelens import audiovisual_comparison as music_and_picture

try:
    MODES_SET, MODES_MODEL = music_and_picture.choose_run(
        genre_runs(),
        config["audiovisual_comparison"]["feature_set"],
        config["audiovisual_comparison"]["model"],
    )
except InputError as error:
    raise WorkflowError(str(error)) from None


rule compare_music_to_picture:
    """Compare the picture of the films of each genre with that of the others."""
    input:
        predictions=f"results/genres/predictions/{MODES_SET}/{MODES_MODEL}.parquet",
        visuals=used_films("results/visuals/{film}.parquet"),
    output:
        scores="results/audiovisual_comparison/scores.tsv",
    log:
        "logs/compare_music_to_picture.log",
    benchmark:
        "results/benchmarks/compare_music_to_picture.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("compare_music_to_picture"),
        runtime=duration("compare_music_to_picture"),
    params:
        source=source_hash("compare_music_to_picture"),
        feature_set=MODES_SET,
        model=MODES_MODEL,
        permutations=config["audiovisual_comparison"]["permutations"],
        repeats=config["audiovisual_comparison"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/compare_music_to_picture.py"


rule plot_music_to_picture:
    """Draw how the films of each genre differ in their picture."""
    input:
        scores="results/audiovisual_comparison/scores.tsv",
    output:
        figure=report(
            "results/audiovisual_comparison/scores.svg",
            caption="../report/audiovisual_comparison.rst",
            category="Music and picture",
            labels={"figure": "genres against picture"},
        ),
    log:
        "logs/plot_music_to_picture.log",
    benchmark:
        "results/benchmarks/plot_music_to_picture.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("plot_music_to_picture"),
        runtime=duration("plot_music_to_picture"),
    params:
        source=source_hash("plot_music_to_picture"),
    script:
        "../../scripts/plot_music_to_picture.py"
