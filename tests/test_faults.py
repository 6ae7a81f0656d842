"""Killed jobs, full disk, low memory, damaged files: error messages and recovery."""

import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.errors import InputError
from scorelens.fingerprints import read_album, read_dejavu_index
from scorelens.learning import model_io
from tests.workflow_runs import SMALL, copy_run, finish, own_copy, snakemake, start, wait_for

FILMS = 4
DAMAGED = "the file is damaged: delete it and run again, and it is made anew"
slow = pytest.mark.slow


@pytest.fixture
def work(demo_run, tmp_path) -> Path:
    """A copy of a finished run for the test to modify."""
    yield copy_run(demo_run, tmp_path / "work")
    shutil.rmtree(tmp_path / "work")


def remove_results(work: Path, *patterns: str) -> None:
    """Remove results; each pattern must match at least one."""
    for pattern in patterns:
        paths = list((work / "results").glob(pattern))
        assert paths, pattern
        for path in paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def film_ids(work: Path) -> list[str]:
    films = sorted(path.stem for path in (work / "results/corpus/status").iterdir())
    assert len(films) == FILMS
    return films


def assert_same_tables(work: Path, reference: Path) -> None:
    """All tables equal those of the reference run, and no temporary file remains."""
    assert not list((work / "results").rglob(".*"))
    names = [
        path.relative_to(reference)
        for pattern in ("*.tsv", "*.parquet")
        for path in (reference / "results").rglob(pattern)
        if "benchmarks" not in path.parts
    ]
    assert len(names) > 40
    for name in names:
        if name.suffix == ".tsv":
            assert (work / name).read_bytes() == (reference / name).read_bytes(), name
        else:
            actual, expected = (pd.read_parquet(folder / name) for folder in (work, reference))
            pd.testing.assert_frame_equal(actual, expected, obj=str(name))


def temporary_suffixes(work: Path) -> set[str]:
    return {path.suffix for path in (work / "results").rglob(".*.part*")}


@slow
def test_interrupted_and_killed_run_finishes_with_the_same_tables(shared_clone, demo_run, work):
    all_results = {path.name for path in (work / "results").iterdir()} - {"corpus"}
    # Groups are made of fingerprints, which are not made again as long as there are groups.
    remove_results(work, *all_results, "corpus/groups.tsv", "corpus/shared.tsv")
    run = start(shared_clone, work, SMALL)
    wait_for(lambda: list(work.glob("results/fingerprints/*.npz")), run)
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(300) != 0
    run = start(shared_clone, work, SMALL)
    wait_for(lambda: list(work.glob("results/features/mir/*.parquet")), run)
    os.kill(run.pid, signal.SIGKILL)  # its jobs continue for a moment, as after a crash
    run.wait()
    run = start(shared_clone, work, SMALL)
    assert run.wait(600) == 0, (work / "output.txt").read_text()
    assert_same_tables(work, demo_run)


def job_pid(work: Path, rule: str) -> int | None:
    """The process id of a running job of a rule in a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode().split("\0")
            in_folder = (process / "cwd").resolve() == work.resolve()
            if in_folder and len(line) > 1 and line[1].endswith(f".{rule}.py"):
                return int(process.name)
        except OSError:  # the process has ended
            continue
    return None


@slow
def test_temporary_files_of_a_killed_job_are_removed_by_the_next_run(shared_clone, demo_run, work):
    film = film_ids(work)[0]
    remove_results(work, f"corpus/media/{film}/film.mp4")
    target = ("--", f"results/corpus/media/{film}/film.mp4")
    run = start(shared_clone, work, SMALL, *target)
    wait_for(lambda: temporary_suffixes(work) == {".mp4", ".wav"}, run)
    os.kill(job_pid(work, "make_corpus"), signal.SIGKILL)
    assert run.wait(300) == 1
    output = (work / "output.txt").read_text()
    assert "Error in rule make_corpus" in output
    assert film in output
    assert temporary_suffixes(work) == {".mp4", ".wav"}
    finish(shared_clone, work, SMALL, *target)
    assert (work / target[1]).read_bytes() == (demo_run / target[1]).read_bytes()
    finish(shared_clone, work, SMALL, "--", "corpus", "cues", "visuals", "bags")
    assert_same_tables(work, demo_run)


@slow
def test_second_concurrent_run_in_a_folder_is_refused(shared_clone, tmp_path):
    first = start(shared_clone, tmp_path, SMALL)
    wait_for((tmp_path / ".snakemake" / "scorelens.lock").exists, first)
    time.sleep(1)
    second = start(shared_clone, tmp_path, SMALL)
    assert second.wait(300) == 1
    assert "another run is at work in this folder" in (tmp_path / "output.txt").read_text()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()


def assert_reported(run, work: Path, rule: str, *texts: str) -> None:
    """A run failed with these texts in its output and the logs of a rule, without traceback."""
    assert run.returncode == 1
    paths = [path for path in (work / "logs").rglob("*.log") if rule in str(path)]
    logs = [path.read_text() for path in paths]
    for text in texts:
        assert text in run.stdout
        assert any(text in log for log in logs), text
    assert "Traceback" not in "".join([run.stdout, *logs])


@pytest.fixture
def small_disk(work):
    """The features folder on a tmpfs of 128 KiB, and a function that enlarges it."""
    features = work / "results" / "features"
    remove_results(work, "features")
    features.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(features)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root's rights")
    yield lambda: subprocess.run(
        ["mount", "-o", "remount,size=64m", str(features)], check=True, capture_output=True
    )
    subprocess.run(["umount", str(features)], check=True)


@slow
def test_full_disk_is_reported_and_the_run_resumes_with_free_space(
    shared_clone, demo_run, work, small_disk
):
    failed = snakemake(shared_clone, work, SMALL, "--", "features")
    assert_reported(
        failed, work, "extract_features", "the disk: cannot be written to", "No space left"
    )
    assert not temporary_suffixes(work)
    small_disk()
    finish(shared_clone, work, SMALL, "--", "features", "bags")
    assert_same_tables(work, demo_run)


@slow
def test_file_size_limit_is_reported_and_the_run_resumes_without_it(shared_clone, demo_run, work):
    """RLIMIT_FSIZE acts as a quota and needs no root rights."""
    remove_results(work, "features")
    limit = (30_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    failed = snakemake(
        shared_clone,
        work,
        SMALL,
        *("--", "features"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert_reported(
        failed, work, "extract_features", "the disk: cannot be written to", "File too large"
    )
    finish(shared_clone, work, SMALL, "--", "features", "bags")
    assert_same_tables(work, demo_run)


def test_write_film_without_disk_space_is_reported(home, tmp_path):
    code = (
        "import resource, numpy as np\n"
        "from scorelens.corpus import FrameFormat, write_film\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "shape, sound = FrameFormat(64, 36, 8), np.zeros((9000, 2))\n"
        "write_film('film.mp4', iter([]), shape, sound, 9000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
    )
    assert "film.mp4: could not be encoded (" in done.stderr
    assert "hint: check that the disk has space" in done.stderr
    assert not list(tmp_path.iterdir())


@slow
def test_out_of_memory_is_reported_and_the_run_resumes(shared_clone, demo_run, work):
    """A job requests 32 GB under an address space limit of 8 GiB."""
    large = {**SMALL, "genres": {**SMALL["genres"], "bootstrap_repeats": 10**9}}
    limit = (8 << 30, resource.getrlimit(resource.RLIMIT_AS)[1])
    failed = snakemake(
        shared_clone,
        work,
        large,
        *("--", "results/genres/scores.tsv"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
    )
    assert_reported(
        failed, work, "score_genres", "the job: ran out of memory", "Unable to allocate"
    )
    finish(shared_clone, work, SMALL)
    assert_same_tables(work, demo_run)


@slow
@pytest.mark.parametrize(
    ("damaged", "rule", "target"),
    [
        ("fingerprints/*.npz", "match_cues", "cues"),
        ("features/mir/*.parquet", "pool_bags", "bags"),
        ("genres/models/mir/average_pooling.zip", "rank_importance", "importance"),
    ],
)
def test_damaged_result_is_reported_and_recomputed_after_removal(
    shared_clone, demo_run, work, damaged, rule, target
):
    path = next((work / "results").glob(damaged))
    truncate(path)
    failed = snakemake(shared_clone, work, SMALL, "--", target)
    name = str(path.relative_to(work))
    assert_reported(failed, work, rule, f"{name}: cannot be read (", f"hint: {DAMAGED}")
    path.unlink()
    finish(shared_clone, work, SMALL, "--", target)
    assert_same_tables(work, demo_run)


def truncate(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@slow
def test_media_damaged_after_the_check_fails_only_its_own_film(shared_clone, demo_run, work):
    no_picture, no_media, no_tracks, intact = film_ids(work)
    media = work / "results" / "corpus" / "media"
    change_and_restore_times(media / no_picture / "film.mp4", blank_picture)
    change_and_restore_times(media / no_media / "film.mp4", write_noise)
    for track in (media / no_tracks / "album").iterdir():
        change_and_restore_times(track, write_noise)
    parts = ("visuals/{}.parquet", "cues/films/{}.parquet", "features/mir/{}.parquet")
    failing = [parts[0].format(no_picture), parts[1].format(no_media), parts[2].format(no_tracks)]
    others = [part.format(intact) for part in parts]
    remove_results(work, *failing, *others)

    targets = ("--", "cues", "features", "visuals")
    run = snakemake(shared_clone, work, SMALL, "--keep-going", *targets)
    no_frame = f"{no_picture}/film.mp4: has a picture without a frame that can be decoded"
    assert_reported(run, work, "measure_visuals", no_frame)
    assert_reported(run, work, "match_cues", f"{no_media}/film.mp4: cannot be read as media")
    assert_reported(run, work, "extract_features", ".flac: has no sound")
    assert all((work / "results" / name).exists() for name in others)
    assert not any((work / "results" / name).exists() for name in failing)

    shutil.rmtree(media)
    copy_run(demo_run / "results/corpus/media", media)
    finish(shared_clone, work, SMALL, *targets)
    assert_same_tables(work, demo_run)


def write_noise(path: Path) -> None:
    """Overwrite a file with as many bytes that are not media."""
    size = path.stat().st_size
    path.write_bytes((b"noise" * size)[:size])


def change_and_restore_times(path: Path, change) -> None:
    """Change a file and restore its timestamps, as after a disk fault."""
    times = path.stat()
    own_copy(path)
    change(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def blank_picture(path: Path) -> None:
    """Overwrite the video packets of a film with zeros; audio and index remain."""
    with av.open(str(path)) as film:
        spans = [(p.pos, p.size) for p in film.demux(video=0) if p.size]
    assert len(spans) > 100
    with path.open("r+b") as file:
        for start_byte, length in spans:
            file.seek(start_byte)
            file.write(bytes(length))


def test_atomic_write_removes_stale_temporary_files_of_the_same_file(tmp_path):
    stale = tmp_path / ".scores.123.part.tsv"
    others = [tmp_path / ".scores.123.part.svg", tmp_path / ".scores2.123.part.tsv"]
    for path in (stale, *others):
        path.touch()
    with tables.atomic(tmp_path / "scores.tsv") as temporary:
        temporary.write_text("1")
    assert not stale.exists()
    assert all(path.exists() for path in others)
    assert (tmp_path / "scores.tsv").read_text() == "1"


READERS = {
    "table.parquet": (lambda path: tables.read_table(path, tables.TRUTH), "a Parquet table of"),
    "schema.parquet": (tables.read_provenance, "a Parquet table"),
    "index.npz": (read_album, "an index of landmarks"),
    "peaks.npz": (read_dejavu_index, "an index of peaks"),
    "models.zip": (model_io.load_about, "a file of genre models"),
    "fold.zip": (lambda path: model_io.load_fold(path, "film"), "a file of genre models"),
}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # numpy, of a truncated archive
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("n_bytes", [0, 3, 500, -3])
def test_truncated_file_is_reported_with_its_path(tmp_path, name, n_bytes):
    read, kind = READERS[name]
    path = tmp_path / name
    if path.suffix == ".parquet":
        pd.DataFrame({"a": np.arange(1000.0)}).to_parquet(path)
    else:
        np.savez(path.with_suffix(".npz"), counts=np.arange(1000.0))
        path.with_suffix(".npz").rename(path)
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(InputError) as error:
        read(path)
    gc.collect()
    assert f"{path}: cannot be read (" in str(error.value)
    assert f"expected: {kind}" in str(error.value)
    assert DAMAGED in str(error.value)


@pytest.mark.parametrize("name", READERS)
def test_missing_file_raises_file_not_found_error(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        READERS[name][0](tmp_path / name)
