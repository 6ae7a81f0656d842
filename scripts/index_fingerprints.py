"""Index the album of one film.

Keeps the landmarks of every track's sound, the peaks of its spectrogram, by which `match_cues`
recognises it in the film, at each speed at which a film may run. Tracks that an earlier index holds
are not decoded again. A silent track is named in the log.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.fingerprints import methods

methods.index_film(
    method=snakemake.params.method,
    film_id=snakemake.wildcards.film,
    table=snakemake.input.table,
    path=snakemake.output.index,
    settings=snakemake.params.settings,
    recipe=snakemake.params.source,
)
