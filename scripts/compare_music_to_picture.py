"""Hold what the music says of a film's genre against its picture.

Reads the predictions of one genre model, and the cues and picture statistics of every film. Writes,
for each genre, how brightness, contrast, saturation, cuts and motion of its films, and of their
clips with music, differ from those of the others: by the films' labels, by the predictions, and by
the false positives alone.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.audiovisual_comparison import compare

compare.compare(
    predictions=snakemake.input.predictions,
    genre_cues=next(iter(snakemake.input.genre_cues), None),
    visuals=snakemake.input.visuals,
    cues=snakemake.input.cues,
    feature_set=snakemake.params.feature_set,
    model=snakemake.params.model,
    permutations=snakemake.params.permutations,
    samples=snakemake.params.repeats,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
)
