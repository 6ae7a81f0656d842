"""Index the album of one film.

Decodes every track of the album once and keeps the landmarks of its sound, the peaks of its
spectrogram, by which `match_cues` recognises it in the film. A silent track is named in the log.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens import fingerprints

fingerprints.index_album(
    film_id=snakemake.wildcards.film,
    table=snakemake.input.table,
    path=snakemake.output.index,
    settings=snakemake.params.settings,
)
