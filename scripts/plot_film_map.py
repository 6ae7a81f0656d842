"""Draw where the music of all films is over their running time.

Reads the cues of all films, their groups and, if it was detected, the music that no cue covers.
Writes one figure.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import film_map

film_map.plot_film_map(
    films=snakemake.input.films,
    cues=snakemake.input.cues,
    groups=snakemake.input.groups,
    unknown=snakemake.input.unknown or None,
    path=snakemake.output.figure,
    repeats=snakemake.params.repeats,
    seed=snakemake.params.seed,
)
