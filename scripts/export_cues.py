"""Write the cues of one film for a player and for an editor.

The same cues as in the cue table, as subtitles (WebVTT), which video players show over the film,
and as a label track for Audacity. So a person can check by ear what was found.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import export

export.export_cues(
    cues=snakemake.input.cues,
    tracks=snakemake.input.tracks,
    webvtt=snakemake.output.webvtt,
    audacity=snakemake.output.audacity,
)
