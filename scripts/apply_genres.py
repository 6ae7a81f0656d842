"""Predict the genres of a new film or album with the saved genre models.

Reads its features and the model file, which has a model for each film left out. Writes the
probability of each genre in every window of time, and in the whole and each track of an album: the
mean over the models, and their minimum and maximum.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.new_media import apply

apply.apply_models(
    features=snakemake.input.features,
    models=snakemake.input.models,
    is_album=snakemake.params.is_album,
    window_s=snakemake.params.window_s,
    hop_s=snakemake.params.hop_s,
    threads=snakemake.threads,
    windows=snakemake.output.windows,
    predictions=snakemake.output.predictions,
)
