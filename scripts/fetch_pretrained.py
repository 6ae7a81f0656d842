"""Get the published files of one pretrained network, check them, and keep their variables.

Looks in the user's folder first, then among earlier downloads, then at the source. Writes one file
of named arrays. Fails if a file cannot be had or does not have the SHA-256 that was published.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.pretrained.fetch import fetch_network

fetch_network(
    network=snakemake.wildcards.network,
    # Not among the parameters: where a file comes from changes nothing, its SHA-256 is fixed.
    folder=snakemake.config["pretrained"]["folder"],
    offline=snakemake.config["pretrained"]["offline"],
    downloads=snakemake.params.downloads,
    output=snakemake.output.variables,
)
