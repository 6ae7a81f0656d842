"""Compare the confidence of all cues with how often they are right.

Writes how often cues of each confidence are right, with intervals, and what precision and recall a
threshold on the confidence gives, as a table and as a figure, and the Brier score and the
calibration error.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import calibration

calibration.calibrate_cues(
    cues=snakemake.input.cues,
    truths=snakemake.input.truths,
    table=snakemake.output.table,
    figure=snakemake.output.figure,
    scores=snakemake.output.scores,
    seed=snakemake.params.seed,
)
