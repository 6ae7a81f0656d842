"""Measure how much each group of features matters to a genre model.

Reads the bags, films and groups that the model was trained on and its file with all of the folds.
Writes the F1 of each genre that is lost when a group of features is shuffled among the cues of the
films held out, with its intervals.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.importance import rank

rank.rank(
    bags=snakemake.input.bags,
    films=snakemake.input.films,
    models=snakemake.input.models,
    together=snakemake.params.together,
    repeats=snakemake.params.repeats,
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
    film_groups=snakemake.input.groups,
)
