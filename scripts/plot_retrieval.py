"""Draw the scores of the models of retrieval, with all and with parts of a film, and their losses.

Reads the table of scores and each model's losses.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.evaluate import plot

plot.plot(snakemake.input.scores, snakemake.input.curves, dict(snakemake.output.items()))
