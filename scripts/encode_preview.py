"""Make a light copy of one film that every browser plays."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.desk import preview

preview.write_preview(
    snakemake.params.video, audio=snakemake.params.audio, path=snakemake.output.video
)
