"""Compose what retrieval knows of the demo.

Writes a picture and a plot for each film of the demo corpus; the same, and an album, for further
films of which there is no film; and the table that describes them all.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.demo import demo_plan, synthesis

synthesis.compose_films(demo_plan.plan_films(snakemake.params.genres, snakemake.params.seed))
