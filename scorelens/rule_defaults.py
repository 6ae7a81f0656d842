"""What every Snakemake rule has alike: log, benchmark, environment, resources and code hash.

All follow from the name of the rule and the wildcards of its first output, so no rule states them.
Imported when the workflow is parsed: light imports only.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scorelens import code_hash, job_resources
from scorelens.job_resources import Request
from scorelens.plan import Plan

if TYPE_CHECKING:
    from snakemake.common import Rules

ENVIRONMENT = "../../envs/scorelens.yaml"  # relative to the folder of the rule files
BATCH_RULE = re.compile(r"(\w+?)_(\d+)$")
WILDCARD = re.compile(r"\{([a-z]\w*)")


def rules_by_name(rules: "Rules", registered: Iterable | None = None) -> dict:
    """The rules of this workflow by their names in it.

    A workflow that uses it as a module may give them other names, and may use a part of them.

    Parameters
    ----------
    rules : snakemake.common.Rules
        The global `rules` of a rule file.
    registered : iterable of snakemake.rules.Rule, optional
        Leave out all rules but these, such as `workflow.rules`.

    Returns
    -------
    dict of str to snakemake.rules.Rule
    """
    named = {name: proxy.rule for name, proxy in rules._rules.items()}
    if registered is None:
        return named
    ids = {id(rule) for rule in registered}
    return {name: rule for name, rule in named.items() if id(rule) in ids}


def complete_rules(
    rules: Mapping, plan: Plan, home: Path, overwritten: Mapping[str, Mapping]
) -> None:
    """Give every rule that has jobs its log, benchmark, environment, resources and code hash.

    Parameters
    ----------
    rules : mapping of str to snakemake.rules.Rule
        From `rules_by_name`. Targets, which run nothing, stay as they are.
    plan : Plan
        What the run makes.
    home : Path
        Folder of the Snakefile.
    overwritten : mapping of str to mapping
        Resources by rule that the command line sets; they count before those of the table.
    """
    from snakemake.resources import Resources

    requests = job_resources.read_requests(home / "workflow" / "job_resources.tsv")
    for own_name, rule in rules.items():
        if rule.norun:
            continue
        name, number = split_name(own_name)
        path = job_path(name, number, rule.output[0])
        rule.log_modifier = rule.benchmark_modifier = rule.output_modifier
        rule.set_log(f"logs/{path}.log")
        rule.benchmark = f"results/benchmarks/{path}.tsv"
        rule.conda_env = ENVIRONMENT
        # An edit of a module behind the script runs the rule again, a touch does not.
        rule.set_params(source=code_hash.source_hash(home / "scripts" / f"{name}.py"))
        films = list(rule.params.get("films", ())) if number else []
        requested = _resources(requests[name], plan, films)
        rule.resources.update(Resources.from_mapping(requested))
        rule.resources.update(Resources.from_mapping(overwritten.get(rule.name, {})))


def output_patterns(rules: Mapping) -> dict[str, dict[str, list[str]]]:
    """The paths that rules write, with open wildcards.

    Parameters
    ----------
    rules : mapping of str to snakemake.rules.Rule
        From `rules_by_name`.

    Returns
    -------
    dict of str to dict of str to list of str
        Patterns by the name of the rule and of its output, without constraints of wildcards.
    """
    from snakemake.io import strip_wildcard_constraints

    return {
        own_name: {
            name: [strip_wildcard_constraints(str(path)) for path in _as_list(paths)]
            for name, paths in rule.output.items()
        }
        for own_name, rule in rules.items()
    }


def _as_list(paths: str | Sequence[str]) -> Sequence[str]:
    return [paths] if isinstance(paths, str) else paths


def split_name(name: str) -> tuple[str, str]:
    """The name of a rule without the number of its batch, and that number, empty if it has none.

    Examples
    --------
    >>> split_name("embed_features_3")
    ('embed_features', '3')
    >>> split_name("match_cues")
    ('match_cues', '')
    """
    match = BATCH_RULE.match(name)
    return (match[1], match[2]) if match else (name, "")


def job_path(name: str, number: str, output: str) -> str:
    """Where the log and the benchmark of a job stand, without the ending.

    Parameters
    ----------
    name : str
        The rule.
    number : str
        Its batch; empty if it has none.
    output : str
        Pattern of the first output; its wildcards, in order, are folders of the path.

    Returns
    -------
    str

    Examples
    --------
    >>> job_path("train_genres", "", "results/genres/chunks/models/{set}/{model}/{chunk}.zip")
    'train_genres/{set}/{model}/{chunk}'
    >>> job_path("embed_features", "3", "results/features/{set,[a-z]+}/night_train.parquet")
    'embed_features/{set}/3'
    """
    wildcards = [f"{{{wildcard}}}" for wildcard in dict.fromkeys(WILDCARD.findall(output))]
    return "/".join(filter(None, [name, *wildcards, number]))


def _resources(request: Request, plan: Plan, films: Sequence[str]) -> dict[str, Callable]:
    """The functions that give `mem_mb` and `runtime` (minutes) of a job.

    A batch handles its films one after the other: the memory of the largest, the time of all.
    """
    return {
        "mem_mb": lambda wildcards, input, attempt: job_resources.memory_mb(
            request, max(_work_sizes(request.size, plan, films, wildcards, input)), attempt
        ),
        "runtime": lambda wildcards, input, attempt: job_resources.runtime_min(
            request, sum(_work_sizes(request.size, plan, films, wildcards, input)), attempt
        ),
    }


def _work_sizes(size: str, plan: Plan, films: Sequence[str], wildcards, input) -> list[float]:
    """The size of each part of a job, in the unit that its row of the table of requests names."""
    if size in job_resources.MEDIA:
        return job_resources.media_minutes(size, films or [_film_of(plan, wildcards)])
    if size == "folds":
        folds = min(plan.genres.folds, plan.config["genres"]["folds_per_chunk"])
        return [folds * os.path.getsize(input.bags) / 1e6]
    settings = plan.config["corpus"]
    made_s = settings["demo" if plan.corpus.kind == "demo" else "assembly"]["film_s"]
    counts = {"films": len(plan.corpus.films), "trailers": len(plan.trailers.trailers)}
    return [(counts | {"none": 0, "made": made_s / 60})[size]]


def _film_of(plan: Plan, wildcards) -> str:
    """The film of a job, or one that has the album of the job."""
    return wildcards.get("film") or plan.corpus.film_of_album[wildcards.album]
