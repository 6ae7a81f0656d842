"""Synthesize the retrieval demo.

Writes a picture and a plot for each film of the demo corpus, the same and an album for further
films without a video, and the table that describes all films.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.demo import demo_plan, synthesis

synthesis.synthesize_films(demo_plan.plan_films(snakemake.params.genres, snakemake.params.seed))
