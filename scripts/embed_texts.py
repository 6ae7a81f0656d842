"""Embed the tags and plots of films.

Embeds a film's tags, each paragraph of its plot, and both together, as far as the models use them,
with a pretrained network. Writes one table of embeddings, one row a text. Texts that are in the
table already, by the same network and code, are not embedded again.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_texts

films = zip(snakemake.params.films, snakemake.params.tags, snakemake.params.plots, strict=True)
embed_texts.embed_texts(
    films=[embed_texts.FilmTexts(*film) for film in films],
    segments=snakemake.params.segments,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    code=snakemake.params.source,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
