"""Draw how the films of each genre use their albums, over the running time and in other measures.

Reads the means over the films of each genre. Writes two figures.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import plot_music

plot_music.plot_cue_summary(
    genres=snakemake.input.genres,
    spotting=snakemake.output.spotting,
    music=snakemake.output.music,
)
