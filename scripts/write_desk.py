"""Write the index of the desk, with the style and the scripts of all its pages."""

import os

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.desk import index_page

index_page.write_index(
    films=snakemake.input.films,
    status=snakemake.input.status,
    cues={name: snakemake.input.get(name, []) for name in ("matched", "corrected")},
    unknown=next(iter(snakemake.input.get("unknown", [])), None),
    given=snakemake.params.given,
    outputs={
        "index": snakemake.output.index,
        "given": snakemake.output.given,
        "assets": os.path.dirname(snakemake.output.assets[0]),
    },
)
