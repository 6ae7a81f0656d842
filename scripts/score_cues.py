"""Score the cues of all films against the true ones.

Precision and recall by the second and by the cue, for all films together, each film and each
signal-to-noise ratio. Only for a corpus that the workflow made, whose true cues are known.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues import score

score.score_cues(
    cues=snakemake.input.cues,
    truths=snakemake.input.truths,
    corrected=snakemake.input.corrected,
    scores=snakemake.output.scores,
)
