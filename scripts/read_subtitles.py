"""Find the subtitles that are shown in each scene of one film: its cues."""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.data import scene_words

scene_words.write_scene_words(
    cues=snakemake.input.cues,
    subtitles=snakemake.params.subtitles,
    output=snakemake.output.words,
)
