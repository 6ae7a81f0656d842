"""Write the cues of one film for editors, players and research tools.

The same cues as in the cue table, with the tags of their tracks and time code, in every format of
the configuration.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.exports import export

outputs = dict(snakemake.output.items())
export.export_film(
    inputs={name: str(path) for name, path in snakemake.input.items() if path},
    table=outputs.pop("table"),
    outputs=outputs,
    title=snakemake.params.title,
    video=snakemake.params.video,
    frame_rate=snakemake.params.frame_rate,
    singing_threshold=snakemake.params.singing_threshold,
)
