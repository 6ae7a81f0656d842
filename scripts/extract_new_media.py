"""Measure the sound of a new film or album for the genre models.

Reads a film, an audio file or the tracks of an album, each decoded once. Writes the list of its
tracks and the features of the set that the models were trained on, one row a second, from beginning
to end.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.new_media import extract_new_media

extract_new_media.measure_media(
    name=snakemake.wildcards.name,
    path=snakemake.params.path,
    files=snakemake.params.files,
    is_album=snakemake.params.is_album,
    feature_set=snakemake.wildcards.set,
    profile=snakemake.params.profile,
    weights=next(iter(snakemake.input.weights), None),
    code=snakemake.params.source,
    threads=snakemake.threads,
    track_table=snakemake.output.tracks,
    output=snakemake.output.table,
)
