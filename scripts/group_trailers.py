"""Group the titles of trailers that are held out together.

Reads the table of trailers and the groups of the films of the corpus that may be theirs. Writes the
group of each title.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data import groups

groups.write_groups(
    table=snakemake.params.table,
    genres=snakemake.params.genres,
    films=snakemake.params.films,
    film_groups=snakemake.input.groups or None,
    output=snakemake.output.groups,
)
