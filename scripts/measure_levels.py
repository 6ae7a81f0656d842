"""Measure how loud the music of every cue of one film is against everything else.

Decodes the film's sound once, and of every track what the cues play, and parts the power of every
second of a cue into the music of the track and the rest.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import levels

levels.measure_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    cues=snakemake.input.cues,
    tracks=snakemake.input.tracks,
    status=snakemake.input.status,
    table=snakemake.output.table,
    audio=snakemake.params.audio,
)
