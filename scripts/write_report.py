"""Write the report of a run.

Takes the tables and figures of every stage and writes one HTML page that needs no other file and
no network, and its provenance, the latter also as YAML.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.report import page

page.write_report(
    snakemake.output.page,
    snakemake.output.record,
    files=snakemake.input,
    config=snakemake.params.config,
    outputs=snakemake.params.outputs,
    published=snakemake.params.published,
)
