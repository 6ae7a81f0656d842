"""Index one album.

Keeps the landmarks of every track's sound, the peaks of its spectrogram, by which `match_cues`
recognises it in a film, at each speed at which a film may run. Tracks that an earlier index holds
are not decoded again. A silent track is named in the log.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.fingerprints import methods

methods.index_album(
    method=snakemake.params.method,
    album_id=snakemake.wildcards.album,
    table=snakemake.input.table,
    path=snakemake.output.index,
    settings=snakemake.params.settings,
    code_version=snakemake.params.source,
)
