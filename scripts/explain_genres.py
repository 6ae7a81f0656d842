"""Draw which cues make a genre model predict the genres of one film.

Reads the predictions and the cues of the candidate models and takes the one of the highest score.
Writes one figure: for each genre its probability in each cue of the film, over film time, and the
weight of the cue in the prediction.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import explain

explain.explain(
    film_id=snakemake.wildcards.film,
    films=snakemake.input.films,
    scores=snakemake.input.scores,
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    genre_cues=dict(zip(snakemake.params.models, snakemake.input.genre_cues, strict=True)),
    cues=next(iter(snakemake.input.cues), None),
    tracks=next(iter(snakemake.input.tracks), None),
    figure=snakemake.output.figure,
)
