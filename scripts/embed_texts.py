"""Read the tags and the plots of films.

Asks a frozen network about a film's tags, each paragraph of its plot, and both together, as far as
the models look at them. Writes one table of vectors, one row a text. Words that the table knows
from before, by the same network and code, are not read again.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_texts

films = zip(snakemake.params.films, snakemake.params.tags, snakemake.params.plots, strict=True)
embed_texts.read_words(
    films=[embed_texts.Words(*film) for film in films],
    segments=snakemake.params.segments,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    code=snakemake.params.source,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
