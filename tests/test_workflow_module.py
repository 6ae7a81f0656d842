"""The workflow as a module of another workflow, local or fetched, and in the Snakemake catalog."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests import workflow_runs as runs

SMALL = {"corpus": {"demo": {"films": 2, "film_s": 20}}}
RENAMED = """
configfile: "config/config.yaml"

module scorelens:
    snakefile: "{snakefile}"
    config: config["films"]

use rule * from scorelens as scorelens_*

rule all:
    default_target: True
    input:
        rules.scorelens_list_pretrained.output,
        rules.scorelens_cues.input,
    output:
        "lines.txt",
    shell:
        "wc -l {{input[0]}} > {{output}}"

use rule match_cues from scorelens as scorelens_* with:
    threads: 2
"""
FETCHED = """
module scorelens:
    snakefile: github("someone/scorelens", path="workflow/Snakefile", tag="v0")
    config: config

use rule * from scorelens
"""


def run(folder, *options, **environment):
    line = [sys.executable, "-m", "snakemake", "--cores", "2", "--workflow-profile", "none"]
    return subprocess.run(
        [*line, *options],
        cwd=folder,
        env=os.environ | runs.QUIET | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def outer(home, tmp_path):
    """A workflow that uses all rules under other names and changes one."""
    (tmp_path / "config").mkdir()
    config = {"a_key_of_its_own": 3, "films": SMALL}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    snakefile = home / "workflow" / "Snakefile"
    (tmp_path / "Snakefile").write_text(RENAMED.format(snakefile=snakefile))
    return tmp_path


@pytest.mark.slow
def test_module_with_renamed_rules_plans_the_jobs_of_the_workflow(outer, home):
    done = run(outer, "--dry-run")
    assert done.returncode == 0, done.stdout
    (outer / "settings.yaml").write_text(yaml.safe_dump(SMALL))
    own = run(
        outer,
        *("--dry-run", "--snakefile", str(home / "Snakefile")),
        *("--configfile", "settings.yaml", "--", "list_pretrained", "cues"),
    )
    assert own.returncode == 0, own.stdout
    assert len(runs.jobs(own.stdout)) > 10
    assert runs.jobs(done.stdout) == {
        f"scorelens_{rule}": films for rule, films in runs.jobs(own.stdout).items()
    }
    block = re.search(r"rule scorelens_match_cues:\n(.*?)\n(?=\[)", done.stdout, re.S)[1]
    film = re.search(r"film=(\w+)", block)[1]
    assert f"log: logs/match_cues/{film}.log" in block
    assert f"benchmark: results/benchmarks/match_cues/{film}.tsv" in block
    assert "threads: 2" in block


@pytest.mark.slow
def test_module_runs_a_script(outer):
    done = run(outer, "scorelens_list_pretrained")
    assert done.returncode == 0, done.stdout
    assert (outer / "results" / "pretrained" / "status.tsv").read_text().startswith("network\t")
    assert (outer / "logs" / "list_pretrained.log").exists()


@pytest.mark.slow
def test_module_fetched_from_a_repository_uses_the_installed_package(home, tmp_path):
    """As snakedeploy writes it; git takes a folder for the repository of that address."""
    site = tmp_path / "site"
    runs.copy_project(tmp_path / "repository")
    shutil.copytree(home / "scorelens", site / "scorelens")
    runs.copy_project(site / "scorelens" / "_workflow")
    shutil.rmtree(site / "scorelens" / "_workflow" / "scorelens")
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "all"],
        ["tag", "v0"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path / "repository", check=True)
    work = tmp_path / "work"
    (work / "workflow").mkdir(parents=True)
    (work / "workflow" / "Snakefile").write_text(FETCHED)
    (work / "config.yaml").write_text(yaml.safe_dump(SMALL))
    done = run(
        work,
        *("--configfile", "config.yaml", "--", "list_pretrained"),
        PYTHONPATH=str(site),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{(tmp_path / 'repository').as_uri()}.insteadOf",
        GIT_CONFIG_VALUE_0="https://github.com/someone/scorelens",
    )
    assert done.returncode == 0, done.stdout
    assert (work / "results" / "pretrained" / "status.tsv").exists()


def test_catalog_settings_have_the_keys_that_the_catalog_reads(home):
    """Of its generate-catalog.py; a layout that it lists under standardized usage."""
    usage = yaml.safe_load((home / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda"}
    assert {usage["report"], *usage["software-stack-deployment"].values()} <= {True, False}
    for path in ("workflow/Snakefile", "config/README.md", "README.md"):
        assert (home / path).is_file()
    assert list((home / "workflow" / "rules").glob("*.smk"))
    readme = (home / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
