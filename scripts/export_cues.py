"""Write the cues of one film for players and editors.

The same cues as in the cue table, in every format of `scorelens.cues.formats`, such as subtitles to
watch the film with, so that a person can listen to the cues and check them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import export

export.export_cues(
    cues=snakemake.input.cues,
    levels=snakemake.input.levels,
    tracks=snakemake.input.tracks,
    outputs=dict(snakemake.output.items()),
)
