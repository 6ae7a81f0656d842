"""Draw how the films of each genre differ in their picture from the others.

Reads the table of differences. Writes one figure: genres against measures, a marker with its
interval for each labelling, filled where the difference is significant.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.audiovisual_comparison import plot

plot.plot(scores=snakemake.input.scores, figure=snakemake.output.figure)
