"""Draw picture against sound genre by genre, the scores of all models, and moments that decided.

Reads the tables of scores and modalities; for the moments the predictions of a model of the picture
and of one of the sound for held-out trailers, and the trailers' samples.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.evaluate import examples, plot

figures = dict(snakemake.output.items())
moments = figures.pop("examples", None)
plot.plot(snakemake.input.scores, snakemake.input.modalities, figures)
if moments:
    examples.plot_examples(
        predictions=snakemake.input.predictions,
        moments=snakemake.input.moments,
        scores=snakemake.input.scores,
        samples=dict(zip(snakemake.params.trailers, snakemake.input.samples, strict=True)),
        figure=moments,
    )
