"""Set the scores of a run on the study's published features beside the published scores.

Reads the scores of the genre models. Writes one row for each published score of a model that the
run has: the published value, that of the run with its interval, and the difference.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import published

published.compare_published(scores=snakemake.input.scores, output=snakemake.output.table)
