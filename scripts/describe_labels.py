"""Describe the labels that the tagger learns.

Reads the films, their groups and the tiles of their albums. Writes films, tracks, tiles and years
of each genre, the films that carry each pair of genres, and a figure of both.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.learning.film_groups import read_film_groups
from scorelens.tagger import label_plot

label_plot.plot_labels(
    films=snakemake.input.films,
    tiles=snakemake.input.tiles,
    albums=snakemake.params.albums,
    genres=snakemake.params.genres,
    min_tracks=snakemake.params.min_tracks,
    groups=read_film_groups(snakemake.input.groups),
    labels=snakemake.output.labels,
    pairs=snakemake.output.pairs,
    figure=snakemake.output.figure,
)
