"""Tests of the defaults of rules (log, benchmark, resources) in planned Snakemake jobs."""

import re

import pytest

from scorelens import rule_defaults
from tests import workflow_runs as runs
from tests.rule_files import RULES

BATCHES = {"embed_features", "embed_scenes", "embed_tracks", "sample_trailers"}


def test_job_path_has_each_wildcard_once_in_the_order_of_the_output():
    output = "results/{set,[a-z0-9_]+}/{film}/{film}.parquet"
    assert rule_defaults.job_path("some_rule", "", output) == "some_rule/{set}/{film}"
    assert rule_defaults.job_path("some_rule", "12", "results/x.tsv") == "some_rule/12"


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> dict[str, str]:
    """Dry-run output of one job of each rule; each batch is a rule of its own."""
    work = tmp_path_factory.mktemp("plan")
    (work / "new.wav").touch()
    config = {
        "corpus": {"demo": {"films": 6}},
        "features": {"sets": ["mir", "musicnn"]},
        "tagger": {"min_tracks": 5},
        "genres": {"apply": {"media": {"new": "new.wav"}}},
    }
    more = ("--set-resources", "check_corpus:mem_mb=4321", "--set-threads", "match_cues=2")
    done = runs.snakemake(runs.HOME, work, config, "--dry-run", *more)
    assert done.returncode == 0, done.stdout
    blocks = re.split(r"\n(?=(?:local)?(?:rule|checkpoint) )", done.stdout)
    heads = (re.match(r"(?:local)?(?:rule|checkpoint) (\w+):", block) for block in blocks)
    jobs = {head[1]: block for head, block in zip(heads, blocks, strict=True) if head}
    return {rule: block for rule, block in jobs.items() if "_" in rule and "    log:" in block}


@pytest.mark.slow
def test_every_job_has_log_benchmark_and_resources(plan):
    assert len({rule_defaults.split_name(rule)[0] for rule in plan}) > 55
    for rule, block in plan.items():
        name, number = rule_defaults.split_name(rule)
        assert name in RULES
        assert bool(number) == (name in BATCHES)
        wildcards = dict(re.findall(r"(\w+)=(\w+)", block.partition("    wildcards: ")[2]))
        log = re.search(r"    log: logs/(\S+)\.log", block)[1]
        assert re.search(r"    benchmark: results/benchmarks/(\S+)\.tsv", block)[1] == log
        first, *folders = log.split("/")
        assert first == name
        assert {*folders} - {number} <= {*wildcards.values()}
        assert "mem_mb=" in block
        assert "runtime=" in block


@pytest.mark.slow
def test_command_line_resources_override_the_table(plan):
    assert "mem_mb=4321" in plan["check_corpus"]
    assert "runtime=30" in plan["check_corpus"]
    assert "    threads: 2" in plan["match_cues"]


@pytest.mark.slow
def test_failed_job_message_names_its_log_file(tmp_path):
    config = {"corpus": {"kind": "assembled", "films": "films.tsv"}}
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "a.flac").write_bytes(b"no sound" * 1000)
    header = "film_id\ttitle\tyear\talbum\tgenres"
    (tmp_path / "films.tsv").write_text(f"{header}\none\tOne\t2001\talbum\tDrama\n")
    config["corpus"]["assembly"] = {"speech": "nowhere", "effects": "nowhere", "film_s": 30}
    done = runs.snakemake(runs.HOME, tmp_path, config, "--", "corpus")
    assert done.returncode == 1
    assert "log: logs/make_corpus/one.log (check log file(s) for error details)" in done.stdout
    assert (tmp_path / "logs" / "make_corpus" / "one.log").stat().st_size > 0
