"""Group the films that must not be on two sides of a split.

Reads the checks of the films, and which albums and films share sound. Writes the group of every
film in use, by shared audio and by the column `group` of the film table; and the pairs of films
that share audio.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus import groups

groups.write_groups(
    films=snakemake.input.corpus,
    names=snakemake.params.names,
    albums=snakemake.params.albums,
    statuses=snakemake.input.statuses,
    track_tables=snakemake.input.tracks,
    compared=snakemake.input.compared,
    outputs=dict(snakemake.output.items()),
)
