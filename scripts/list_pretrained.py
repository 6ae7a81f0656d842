"""List the pretrained networks: which ones the run uses, and which were left out and why."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.pretrained.status import list_networks

list_networks(
    used=snakemake.params.used,
    absent=snakemake.params.absent,
    output=snakemake.output.status,
)
