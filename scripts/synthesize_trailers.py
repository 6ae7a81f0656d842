"""Make the trailers of the demo.

Cuts one from each film of the demo corpus and composes further ones whose genres show in the
picture alone, in the sound alone, or in both; writes the table that describes them all.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.demo import demo_plan, synthesis

films = snakemake.params.films
synthesis.make_trailers(
    trailers=demo_plan.plan_trailers(films, snakemake.params.seed),
    films=dict(zip(films, snakemake.input.films, strict=True)),
)
