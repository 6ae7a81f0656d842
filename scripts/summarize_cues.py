"""Sum up how films use their albums: cues, spotting, and what of the album is used.

Reads the cues of all films and their groups. Writes a table with a row a film, one with the tenths
of each film, and the means over the films of each genre with intervals.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import summarize

summarize.summarize_cues(
    films=snakemake.input.films,
    tracks=snakemake.input.tracks,
    cues=snakemake.input.cues,
    groups=snakemake.input.groups,
    outputs=[snakemake.output.films, snakemake.output.spotting, snakemake.output.genres],
    repeats=snakemake.params.repeats,
    seed=snakemake.params.seed,
)
