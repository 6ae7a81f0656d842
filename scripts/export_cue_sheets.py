"""Write the cue sheets of all films to a workbook and to CSV files."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.exports import export

export.export_cue_sheets(
    cue_tables=snakemake.input.tables,
    outputs=dict(snakemake.output.items()),
)
