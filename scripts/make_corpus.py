"""Make one film whose cues are known.

For the demo corpus an album is composed first, and voices, effects and pictures are made with the
film. For an assembled corpus the music, speech, effects and pictures are real. Either way the film
is encoded to MP4, and its truth table says which track plays when.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus.synthesis import assembler, demo, demo_plan, pictures

given = snakemake.params
outputs = {"video": snakemake.output.video, "truth": snakemake.output.truth}

if given.get("film"):
    film = demo_plan.DemoFilm(**given.film)
    demo.make_demo_film(film, snakemake.output.tracks, given.film_s, **outputs)
else:
    assembly = given.assembly
    assembler.make_assembled_film(
        film_id=snakemake.wildcards.film,
        tracks=snakemake.input.tracks,
        speech=assembly["speech"],
        effects=assembly["effects"],
        decoys=assembly["decoys"] or None,
        pictures_folder=assembly["pictures"] or None,
        film_s=assembly["film_s"],
        snrs_db=assembly["snrs_db"],
        frame_format=pictures.FrameFormat(
            assembly["width"], assembly["height"], assembly["frame_rate_hz"]
        ),
        seed=given.seed,
        **outputs,
    )
