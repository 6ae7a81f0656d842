"""Make the trailers of the demo.

Cuts one from each film of the demo corpus, synthesizes further ones with genres in the picture
alone, in the sound alone or in both, and writes the table that describes all trailers.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.demo import demo_plan, synthesis

films = snakemake.params.films
synthesis.make_trailers(
    trailers=demo_plan.plan_trailers(films, snakemake.params.seed),
    films=dict(zip(films, snakemake.input.films, strict=True)),
)
