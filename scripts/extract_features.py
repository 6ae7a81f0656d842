"""Measure one feature set on the cues of one film, once a second of the film.

Reads the cues and, for each, its part of the album track (or of the film's own sound). Writes one
row a cue and second: the mean and standard deviation of each feature over 5 s texture windows.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.features import extract

extract.extract_film(
    film_id=snakemake.wildcards.film,
    feature_set=snakemake.wildcards.set,
    profile=snakemake.params.profile,
    source=snakemake.params.sound,
    cues=next(iter(snakemake.input.cues), None),
    tracks=snakemake.input.tracks,
    video=snakemake.params.video,
    audio=snakemake.params.audio,
    output=snakemake.output.table,
)
