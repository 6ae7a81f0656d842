"""Draw the scores of the genre models.

Reads the table of scores. Writes two figures: the macro measures of every model with their
intervals, the spread over training runs and the level of chance, and F1 genre by genre.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import plot

plot.plot(
    scores=snakemake.input.scores,
    macro=snakemake.output.macro,
    genres=snakemake.output.genres,
)
