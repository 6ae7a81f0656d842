"""scorelens: from films and soundtrack albums to cues, features, genre models and a report."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


configfile: Path(workflow.basedir) / "config" / "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/fingerprints.smk"
include: "workflow/rules/cues.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/visuals.smk"
include: "workflow/rules/bags.smk"
include: "workflow/rules/genres.smk"
include: "workflow/rules/report.smk"


rule all:
    """The report, and with it everything."""
    default_target: True
    input:
        rules.write_report.output,
