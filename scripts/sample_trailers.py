"""Sample a batch of trailers: a few frames of each, and the first seconds of its sound.

Decodes each trailer once. Black frames are skipped; the table says how many, and what a trailer
lacks.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data import frame_sampling

frame_sampling.sample_trailers(
    videos=snakemake.params.videos,
    outputs=snakemake.output.samples,
    table=snakemake.output.table,
    sampling=frame_sampling.Sampling(**snakemake.params.settings),
    # No param: another choice leaves the trailers alone that are sampled already.
    on_bad=snakemake.config["trailers"]["on_bad_trailer"],
    threads=snakemake.threads,
)
