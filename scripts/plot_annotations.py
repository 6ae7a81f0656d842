"""Draw the predicted cues of one film below the annotations of people.

A lane of bars for the prediction, one for the majority of several annotators, and one for each
annotator. Colours show what is predicted, annotated, or both.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.annotations import plot

plot.plot_annotations(
    film_id=snakemake.wildcards.film,
    title=snakemake.params.title,
    cues=snakemake.input.cues,
    annotations=snakemake.input.annotations,
    annotators=snakemake.input.annotators,
    tracks=snakemake.input.tracks,
    path=snakemake.output.timeline,
)
