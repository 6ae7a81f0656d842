"""Write the page of one film: its player, its time line and its cues to check."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.desk import film_page

TABLES = (
    *("machine_cues", "cues", "status", "tracks", "truth", "annotations", "visuals", "levels"),
    *("music", "features", "genres"),
)
# An input that the run does without is an empty list.
files = {name: snakemake.input.get(name) or None for name in TABLES}
film_page.write_film_page(
    snakemake.params.film,
    files={name: str(path) if path else None for name, path in files.items()},
    given=snakemake.params.given,
    unknown=snakemake.params.unknown,
    output=snakemake.output.page,
)
