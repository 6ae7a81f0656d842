"""Sum up how loud the music of every cue is, and whether somebody speaks over it.

Reads the cues of all films, their levels and, where speech was detected, its probability. Writes
one table with a row a cue.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import roles

roles.summarize_levels(
    cues=snakemake.input.cues,
    levels=snakemake.input.levels,
    music=snakemake.input.music,
    table=snakemake.output.table,
    speech_threshold=snakemake.params.speech_threshold,
)
