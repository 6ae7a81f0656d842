"""Score the matcher's cues against the corrections, as against an annotation.

Takes the films of which every cue has a verdict; writes tables without rows if there is none.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.corrections import scores

scores.score_corrections(
    cues=snakemake.input.cues,
    corrected=snakemake.input.corrected,
    decisions=snakemake.input.decisions,
    outputs=dict(snakemake.output.items()),
    seed=snakemake.params.seed,
)
