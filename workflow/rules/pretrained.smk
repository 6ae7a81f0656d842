"""The published files of pretrained networks."""

from scorelens.encoders.registry import ENCODERS


rule fetch_pretrained:
    """Get the published files of one network, check them, and keep their variables."""
    output:
        variables=result_paths.PRETRAINED_VARIABLES,
    wildcard_constraints:
        network="|".join(ENCODERS),
    params:
        downloads=result_paths.PRETRAINED_DOWNLOADS,
    script:
        "../../scripts/fetch_pretrained.py"


rule list_pretrained:
    """List the networks: which the run uses, and which were left out and why."""
    output:
        status="results/pretrained/status.tsv",
    params:
        used=list(PLAN.networks),
        absent=PLAN.absent_networks,
    script:
        "../../scripts/list_pretrained.py"
