"""Join the chunks of one genre model.

Reads the tables and model files of all chunks. Writes one table of predictions, one of cues, one of
losses, and one model file, with the films in order of their folds.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.model import prediction_io

prediction_io.gather_chunks(
    parts={name: list(paths) for name, paths in snakemake.input.items()},
    outputs=dict(snakemake.output.items()),
)
