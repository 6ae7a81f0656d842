"""Count the films of every genre and of every pair of genres.

Reads the table of the films. Writes a table, and a figure of it.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus import genre_counts

genre_counts.count_corpus(
    films=snakemake.input.films,
    table=snakemake.output.table,
    figure=snakemake.output.figure,
)
