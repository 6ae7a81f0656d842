"""Write the index of the desk, with the style and the scripts of all its pages."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.desk import index_page

index_page.write_index(
    films=snakemake.input.films,
    status=snakemake.input.status,
    cues=snakemake.input.cues,
    unknown=next(iter(snakemake.input.get("unknown", [])), None),
    corrections=next(iter(snakemake.input.get("corrections", [])), None),
    output=snakemake.output.index,
    given=snakemake.output.given,
    assets=snakemake.output.assets,
)
