"""Score the models of the tagger.

Reads the predictions for tiles and tracks of held-out films. Writes coverage error, label-ranking
average precision, precision, recall and F1 of the first tags, with intervals over films and chance
levels; which genres are confused; and the outcome of each track.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.learning.film_groups import read_film_groups
from scorelens.tagger import score

models = snakemake.params.models
score.score(
    tiles=dict(zip(models, snakemake.input.tiles, strict=True)),
    tracks=dict(zip(models, snakemake.input.tracks, strict=True)),
    tops=snakemake.params.tops,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    scores=snakemake.output.scores,
    confusions=snakemake.output.confusions,
    outcomes=snakemake.output.outcomes,
    groups=read_film_groups(snakemake.input.groups),
)
