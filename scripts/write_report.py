"""Write the report of a run.

Takes the tables and figures of every stage and writes one HTML page that needs no other file and
no network, and where it all comes from, the latter also as YAML.
"""

from pathlib import Path

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.report import write

write.write_report(
    snakemake.output.page,
    snakemake.output.record,
    films=snakemake.input.films,
    tracks=snakemake.input.tracks,
    status=snakemake.input.status,
    cues=snakemake.input.cues,
    timelines=snakemake.input.timelines,
    visuals=snakemake.input.visuals,
    bags=dict(zip(snakemake.params.sets, snakemake.input.bags, strict=True)),
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    genre_scores=snakemake.input.genre_scores,
    comparisons=snakemake.input.comparisons,
    importance=next(iter(snakemake.input.importance), None),
    audiovisual_comparison=next(iter(snakemake.input.audiovisual_comparison), None),
    genre_figures=snakemake.input.genre_figures,
    explanations=snakemake.input.explanations,
    applied=snakemake.input.applied,
    applied_figures=snakemake.input.applied_figures,
    cue_scores=next(iter(snakemake.input.cue_scores), None),
    cue_confidence=next(iter(snakemake.input.cue_confidence), None),
    features=snakemake.input.features,
    weights=snakemake.input.weights,
    tagger={Path(path).name: path for path in snakemake.input.tagger},
    libraries={Path(path).stem: path for path in snakemake.input.libraries},
    retrieval={Path(path).name: path for path in snakemake.input.retrieval},
    trailers={Path(path).name: path for path in snakemake.input.trailers},
    trailer_samples=snakemake.input.trailer_samples,
    published=snakemake.params.published,
    config=snakemake.params.config,
)
