"""Draw diagnostic figures of the best genre model of each feature set.

Reads the scores, and the predictions and cues of every model of music. Writes three
figures: precision-recall curves, precision and recall of every film over its cues, and which sets
of genres are confused.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import diagnostics

diagnostics.plot_diagnostics(
    scores=snakemake.input.scores,
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    cues=dict(zip(snakemake.params.models, snakemake.input.cues, strict=True)),
    precision_recall=snakemake.output.precision_recall,
    films=snakemake.output.films,
    label_sets=snakemake.output.label_sets,
)
