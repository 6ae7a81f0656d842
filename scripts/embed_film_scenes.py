"""Look at the scenes of a batch of films, their cues, as trailers are looked at.

Loads the network that looks at trailers once. Reads each film's cues and decodes a few frames of
each; writes one table a film, what the network says of its scenes. Tables that nothing has changed
for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.trailers.scenes import embed_film_scenes

torch.set_num_threads(snakemake.threads)
embed_film_scenes.watch_films(
    films=snakemake.params.films,
    videos=snakemake.params.videos,
    cues=snakemake.input.cues,
    outputs=snakemake.output.tables,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    frames=snakemake.params.frames,
    code=snakemake.params.source,
)
