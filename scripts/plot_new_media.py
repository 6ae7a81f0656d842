"""Draw the genres of a new film or album over its time.

Reads what the models say of every window and of the whole. Writes one figure: a curve a genre with
its band, or, for an album of many tracks, a row a track.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.new_media import timeline

timeline.plot_timeline(
    windows=snakemake.input.windows,
    predictions=snakemake.input.predictions,
    tracks=snakemake.input.tracks,
    path=snakemake.output.figure,
)
