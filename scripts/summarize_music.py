"""Sum up how much of every film is music, speech and singing, and find music that no cue covers.

Reads what was detected in all films and their cues. Writes a table with a row a film, and one with
the stretches of music that are on no cue.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.music import summarize

summarize.summarize_music(
    music=snakemake.input.music,
    cues=snakemake.input.cues,
    films=snakemake.output.films,
    unknown=snakemake.output.unknown,
    settings=snakemake.params.unknown,
    thresholds=snakemake.params.thresholds,
)
