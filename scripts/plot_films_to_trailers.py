"""Draw whether the films of each genre resemble its trailers.

Reads the table of differences. Writes one figure: a row a genre, a marker with its interval for
each labelling, filled where the difference is significant.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.scenes import films_to_trailers_plot

films_to_trailers_plot.plot(scores=snakemake.input.scores, figure=snakemake.output.figure)
