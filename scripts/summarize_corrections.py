"""List the corrections of all films.

Joins what became of each, counts them by annotator and verdict, and lists those that could not be
applied, also of films that are not in the corpus.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.corrections import summary

summary.summarize_corrections(
    decisions=snakemake.input.decisions,
    corrections=snakemake.params.corrections,
    outputs=dict(snakemake.output.items()),
)
