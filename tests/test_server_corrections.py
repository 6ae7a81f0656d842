"""Saving corrections: in place, by one writer, whole after a kill, with the changes of others."""

import contextlib
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scorelens.cues.corrections import COLUMNS
from scorelens.cues.corrections.reading import read_corrections
from scorelens.errors import ConfigError
from scorelens.server.corrections_file import (
    ConflictError,
    CorrectionsFile,
    sole_writer,
    version_of,
)
from tests.served_runs import row, serving, table, write_run

CODE = "import sys; from scorelens.command import app; app(sys.argv[1:], prog_name='scorelens')"


@pytest.fixture
def corrections(tmp_path):
    return CorrectionsFile(tmp_path / "corrections.tsv")


def save(corrections, rows, film="night"):
    return corrections.save(film, version_of(corrections.read().get(film, [])), rows)


def test_first_save_writes_the_table_that_a_download_has(corrections):
    saved = save(corrections, [row(note='"so" it is'), row(start="2.000", note='"quoted"')])
    lines = corrections.path.read_bytes().decode().split("\n")
    assert lines[0].split("\t") == list(COLUMNS)
    assert len(lines) == 4
    assert [r[COLUMNS.index("note")] for r in saved] == ['"so" it is', '"quoted"']
    assert read_corrections(corrections.path) == {"night": saved}
    assert sorted(path.name for path in corrections.path.parent.iterdir()) == ["corrections.tsv"]


def test_other_rows_columns_and_their_order_stay(corrections):
    header = "mine\tverdict\tfilm_id\tfilm_start_s\tfilm_end_s\ttrack_id\tnote"
    kept = [
        "a\tright\tday\t1\t9.0\ttheme\tLärm",
        "",
        'b\tright\tnight\t2\t8\ttheme\t"x"',
        "c\twrong\tother\t3\t4\tx",
    ]
    text = "\r\n".join([header, kept[0], "", kept[2], "z\tright\tnight\t7\t12\tchase", kept[3], ""])
    corrections.path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    corrections.path.chmod(0o640)
    by_film = corrections.read()
    new = row(start="14.000", note="new", diegetic="yes")
    save(corrections, [by_film["night"][0], new])
    lines = corrections.path.read_bytes().decode().split("\n")
    assert lines[1:5] == kept
    assert lines[0].split("\t")[:7] == header.split("\t")
    assert set(lines[0].split("\t")) == {"mine", *COLUMNS}
    assert corrections.read() == {**by_film, "night": [by_film["night"][0], tuple(new)]}
    assert corrections.path.stat().st_mode & 0o777 == 0o640
    save(corrections, [])
    assert corrections.read() == {film: by_film[film] for film in ("day", "other")}


def test_equal_rows_and_taken_back_rows_are_counted(corrections):
    save(corrections, [row(), row(), row(second=1)])
    assert len(corrections.read()["night"]) == 3
    save(corrections, [row()])
    assert corrections.read() == {"night": [tuple(row())]}


def test_a_change_from_other_rows_is_a_conflict_and_writes_nothing(corrections):
    start = version_of([])
    saved = corrections.save("night", start, [row()])
    before = corrections.path.read_bytes()
    with pytest.raises(ConflictError):
        corrections.save("night", start, [row(verdict="right")])
    assert corrections.path.read_bytes() == before
    corrections.save("day", start, [row("day")])  # another film
    corrections.save("night", version_of(saved), [row(verdict="right")])
    with corrections.path.open("a") as file:  # an editor
        file.write("\t".join(row(start="2.000")) + "\n")
    with pytest.raises(ConflictError):
        corrections.save("night", version_of([tuple(row(verdict="right"))]), [])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(verdict="good")], r"corrections\.tsv, line 3, column verdict: is 'good'"),
        ([row(start="14.000", film_end_s="3.000")], "ends at 3.000"),
        ([row("day")], "has other rows"),
        ([row()[:5]], "has other rows"),
        ([row(verdict="right", new_track_id="love")], "has new_track_id"),
    ],
)
def test_what_a_run_would_refuse_is_not_saved(corrections, rows, message):
    save(corrections, [row("other")], "other")
    before = corrections.path.read_bytes()
    with pytest.raises(ConfigError, match=message):
        save(corrections, rows)
    assert corrections.path.read_bytes() == before
    assert len(list(corrections.path.parent.iterdir())) == 1


def test_a_file_with_faults_is_named_and_left_alone(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    text = "film_id\tfilm_start_s\tfilm_end_s\ttrack_id\tverdict\nnight\t2\t8\ttheme\tperhaps\n"
    (folder / "corrections.tsv").write_text(text)
    with serving(folder) as served:
        for status, answer in (
            served.request("/api/corrections/night")[::2],
            served.save("night", version_of([]), [row()]),
        ):
            assert status == 422
            assert "line 2, column verdict: is 'perhaps'" in json.loads(answer)["message"]
    assert (folder / "corrections.tsv").read_text() == text


def test_a_linked_file_stays_a_link(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    (tmp_path / "shared").mkdir()
    (folder / "corrections.tsv").symlink_to(tmp_path / "shared" / "all.tsv")
    with serving(folder) as served:
        assert served.save("night", version_of([]), [row()])[0] == 200
    assert (folder / "corrections.tsv").is_symlink()
    assert len(table(tmp_path / "shared" / "all.tsv")) == 1


def test_a_conflict_is_answered_with_the_rows_of_the_file(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    with serving(folder) as served:
        version = served.saved("night")["version"]
        status, answer = served.save("night", version, [row()])
        new = json.loads(answer)["version"]
        assert status == 200
        status, answer = served.save("night", version, [row(verdict="right")])
        assert status == 409
        assert json.loads(answer) == {"rows": [row()], "version": new}
        assert served.save("night", new, [[1]])[0] == 400
        assert served.save("night", new, "rows")[0] == 400
        assert served.save("night", new, [row(note="x" * 9_000_000)])[0] == 413
        assert served.save("..%2f..%2fx", version_of([]), [row("../../x")])[0] in (404, 422)
        films = json.loads(served.request("/api/corrections")[2])["films"]
        assert films == {"night": [row()]}


def test_50_changes_of_10_films_at_once_are_all_in_the_file(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    with serving(folder) as served:

        def decide(film):
            for number in range(5):
                saved = served.saved(film)
                rows = [*saved["rows"], row(film, start=f"{10 * number}.000", second=number)]
                assert served.save(film, saved["version"], rows)[0] == 200

        with ThreadPoolExecutor(10) as threads:
            list(threads.map(decide, [f"film_{number}" for number in range(10)]))
    counts = table(folder / "corrections.tsv").groupby("film_id").film_start_s.nunique()
    assert counts.tolist() == [5] * 10


def test_of_two_who_change_one_film_at_once_one_has_a_conflict(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    with serving(folder) as served:
        version, barrier = served.saved("night")["version"], threading.Barrier(8)

        def decide(number):
            barrier.wait()
            return served.save("night", version, [row(second=number)])[0]

        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(decide, range(8))) == [200, *[409] * 7]
    assert len(table(folder / "corrections.tsv")) == 1


# The command


def start(folder, *arguments):
    command = [sys.executable, "-c", CODE, "desk", str(folder), "--no-browser", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if shown := re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line):
            return process, int(shown[1]), shown[2], "".join(lines)
    raise AssertionError(process.communicate())


def send(port, method, path, body=None, headers=()):
    """Status, body and cookie of an answer."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ) as connection:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("set-cookie")


def enter(port, token):
    """Headers with the cookie that the shown address gives."""
    cookie = send(port, "GET", f"/?token={token}")[2].split(";")[0]
    origin = f"http://127.0.0.1:{port}"
    return {"Cookie": cookie, "Origin": origin, "Content-Type": "application/json"}


def save_until_refused(port, token, attempt, rows):
    """Add rows, one a save, until nobody answers; gives the number of those that were answered."""
    headers = enter(port, token)
    for count in itertools.count(len(rows)):
        version = version_of([tuple(r) for r in rows])
        rows = [*rows, row(start=f"{10 * count}.000", note=f"{attempt}", second=count % 60)]
        rows.sort(key=lambda r: r[-1])
        body = json.dumps({"version": version, "rows": rows})
        try:
            status, answer = send(port, "PUT", "/api/corrections/night", body, headers)[:2]
        except (OSError, http.client.HTTPException):
            return count
        assert status == 200, answer


def test_killed_while_saving_leaves_a_whole_file_and_every_answered_change(tmp_path):
    """Four servers, each killed in the middle of a stream of saves."""
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    file = CorrectionsFile(folder / "corrections.tsv")
    others = save(file, [row("other", start=f"{10 * n}.000") for n in range(300)], "other")
    answered = []
    for attempt in range(4):
        process, port, token, _ = start(folder)
        threading.Timer(0.3 + 0.17 * attempt, process.kill).start()
        rows = [list(r) for r in file.read().get("night", [])]
        answered.append(save_until_refused(port, token, attempt, rows))
        process.communicate()
        in_file = file.read()  # every row can be read
        assert in_file["other"] == others
        # The last one may have been written and not been answered.
        assert len(in_file.get("night", [])) in (answered[-1], answered[-1] + 1)
    assert answered[-1] > 4
    # What a killed server left beside the file goes with the next save.
    (folder / ".corrections.123.part.tsv").write_text("half")
    save(file, [])
    assert not list(folder.glob(".*part*"))


def test_a_second_server_is_refused_and_names_the_first(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    process, port, token, shown = start(folder)
    try:
        assert f"saved in {folder / 'corrections.tsv'}" in shown
        assert "no settings name" not in shown
        second = subprocess.run(
            [sys.executable, "-c", CODE, "desk", str(folder), "--no-browser"],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert f"another `scorelens desk` saves into it: http://127.0.0.1:{port}/" in second.stderr
        assert "token" not in second.stderr
        assert enter(port, token)["Cookie"].startswith(f"scorelens_{port}=")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130, -signal.SIGINT)
        output = process.communicate()
    assert "Traceback" not in "".join(output)
    with sole_writer(folder / "corrections.tsv", ""):  # the lock is free again
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with (
            pytest.raises(ConfigError, match="cannot be saved"),
            sole_writer(tmp_path / "corrections.tsv", ""),
        ):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_without_settings_the_file_is_beside_them_and_that_is_said(tmp_path):
    folder = write_run(tmp_path / "run", tmp_path / "media", is_playable=False)
    (folder / "my.yaml").unlink()
    process, _, _, shown = start(folder)
    process.kill()
    process.communicate()
    assert f"saved in {folder / 'corrections.tsv'}" in shown
    assert "cues: {corrections: corrections.tsv}" in shown
    assert time.time() - (folder / ".corrections.tsv.lock").stat().st_mtime < 60


def test_a_folder_without_results_is_an_error_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CODE, "desk", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "has no results" in done.stderr
    assert "Traceback" not in done.stderr
