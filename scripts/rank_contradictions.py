"""Rank the cues whose music contradicts the genres of their film.

Reads the predictions of the primary genre model for every cue, which was trained without the film,
with films, tracks and, if known, the times of the cues. Writes a table of all cues by their margin,
and a page of those that contradict their film, with links into the films.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.contradictions import rank
from scorelens.genres.contradictions.page import write

rank.rank_contradictions(
    genre_cues=snakemake.input.genre_cues,
    films=snakemake.input.films,
    cues=snakemake.input.cues,
    tracks=snakemake.input.tracks,
    run=tuple(snakemake.params.run),
    output=snakemake.output.table,
)
write.write_page(snakemake.output.table, snakemake.params.videos, snakemake.output.page)
