"""Apply the user's corrections to the cues of one film.

Writes the cues that all other results rest on, and what became of each correction. The table of the
matcher and the user's file stay as they are.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.corrections import correct

correct.correct_film(
    corrections=snakemake.params.corrections,
    cues=snakemake.input.cues,
    tracks=snakemake.input.tracks,
    status=snakemake.input.status,
    outputs=dict(snakemake.output.items()),
)
