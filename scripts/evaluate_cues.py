"""Evaluate the cues of all films that people annotated.

Writes precision and recall by the second and by the cue against each annotator and against their
majority, by film and over the films, how the annotators agree, and whether the confidence of the
cues is calibrated.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.annotations import evaluate

evaluate.evaluate_cues(
    cues=snakemake.input.cues,
    annotations=snakemake.input.annotations,
    annotators=snakemake.input.annotators,
    outputs=dict(snakemake.output.items()),
    seed=snakemake.params.seed,
    corrected=snakemake.input.corrected,
)
