"""Look at the scenes of one film, its cues, as trailers are looked at.

Reads the film's cues and decodes a few frames of each. Writes what the frozen network that looks at
trailers says of them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.trailers import watch

torch.set_num_threads(snakemake.threads)
watch.watch_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.input.video,
    cues=snakemake.input.cues,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    frames=snakemake.params.frames,
    output=snakemake.output.table,
)
