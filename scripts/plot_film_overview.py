"""Draw cues, music and picture of one film on one time axis.

Reads the cues of the film, its visual statistics and, if they were measured, the features of its
cues, their levels and its music by the second. Writes one figure.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import film_overview

film_overview.plot_film_overview(
    snakemake.params.title,
    cues=snakemake.input.cues,
    visuals=snakemake.input.visuals,
    status=snakemake.input.status,
    tracks=snakemake.input.tracks,
    path=snakemake.output.figure,
    features=snakemake.input.features or None,
    levels=snakemake.input.levels,
    music=snakemake.input.music or None,
    unknown=snakemake.params.unknown,
)
