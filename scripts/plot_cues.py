"""Draw the cues of one film on its time line.

One row for each track that plays; bars are the cues that were found, outlines the true ones where
they are known. Music that is on no album has a row of its own: hatched bars where it is known, grey
ones where it was detected.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import plot

plot.plot_cues(
    title=snakemake.params.title,
    cues=snakemake.input.cues,
    status=snakemake.input.status,
    tracks=snakemake.input.tracks,
    path=snakemake.output.timeline,
    truth=next(iter(snakemake.input.truth), None),
    music=next(iter(snakemake.input.music), None),
    unknown=snakemake.params.unknown,
)
