"""Gather the checks of all films.

Joins the status and track tables of the films and adds what the film table itself has wrong. With
`on_bad_film: stop` every problem of the corpus is listed and the run ends; with `skip` the films
table holds the good films alone, and the status table says why the others are missing. Notes say
which films share files, or artists if the film table has no groups.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.albums.files import NO_ALBUM
from scorelens.corpus import check
from scorelens.errors import Problem
from scorelens.film_table import Film

films = []
for row in snakemake.params.films:
    problems = tuple(Problem(**problem) for problem in row["problems"])
    films.append(Film(**row | {"problems": problems, "video": None, "album": NO_ALBUM}))
check.gather_films(
    films=films,
    on_bad_film=snakemake.params.on_bad_film,
    statuses=snakemake.input.statuses,
    track_tables=snakemake.input.tracks,
    outputs=dict(snakemake.output.items()),
    warns_of_tags=snakemake.params.warns_of_tags,
)
