"""Draw how much each group of features matters to a genre model.

Reads the table of scores. Writes one figure: a panel for the mean over the genres and one for each
genre, with a row for each group of features.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.importance import plot

plot.plot(scores=snakemake.input.scores, figure=snakemake.output.figure)
