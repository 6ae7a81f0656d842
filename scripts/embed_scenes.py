"""Look at the scenes of one film: its cues.

Reads the film's cues and its subtitles, if there are any, and decodes a few frames of each cue.
Writes what the image network says of them, and what is said in the scene.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.embed import embed_scenes

torch.set_num_threads(snakemake.threads)
embed_scenes.watch_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    cues=snakemake.input.cues,
    subtitles=snakemake.params.subtitles,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    frames=snakemake.params.frames,
    output=snakemake.output.table,
)
