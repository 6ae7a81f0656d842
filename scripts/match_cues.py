"""Match one film with its album: which track plays when.

Decodes the film's sound once, matches its landmarks with those of the album, and writes the cues as
Parquet and as TSV. A film without any match gets an empty table and a line in the log.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import match

match.match_film(
    method=snakemake.params.method,
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    index=snakemake.input.index,
    status=snakemake.input.status,
    outputs=dict(snakemake.output.items()),
    settings=snakemake.params.settings,
    audio=snakemake.params.audio,
)
