"""Draw the scores of the tagger, its confusions, and the tags of some tracks over their time.

Reads the tables of scores and confusions, and the predictions of one model for tiles and tracks.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import plot

figures = dict(snakemake.output.items())
profiles = figures.pop("profiles")
plot.plot(snakemake.input.scores, snakemake.input.confusions, figures, snakemake.params.primary)
plot.plot_profiles(
    model=snakemake.params.model,
    tiles=snakemake.input.tiles,
    tracks=snakemake.input.tracks,
    films=snakemake.input.films,
    albums=snakemake.input.albums,
    figure=profiles,
)
