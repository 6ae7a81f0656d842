"""The wheel in an environment of its own: a media library to cues and desk, without a clone."""

import http.cookiejar
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile

import numpy as np
import pytest
import soundfile

from scorelens import tables
from tests import media_files

pytestmark = pytest.mark.slow
CARRIED = ("Snakefile", "scripts/match_cues.py", "workflow/rules/cues.smk", "envs/scorelens.yaml")
START_S, SILENCE_S, PLAYED_S = 10, 3, 25  # in the track; before the cue; of the cue
FILM_ID = "night_train_2016"


@pytest.fixture(scope="module")
def installed(home, tmp_path_factory):
    """The folder of an environment with the wheel, and with the other packages of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=home, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        inside = set(content.namelist())
    assert {f"scorelens/_workflow/{path}" for path in CARRIED} <= inside
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = site_packages(environment)
    # The packages of this environment, without the clone, which it may have as an editable install.
    (site / "rest.pth").write_text(next(p for p in sys.path if p.endswith("site-packages")) + "\n")
    options = ["--quiet", "--no-deps", "--ignore-installed", "--disable-pip-version-check"]
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", *options, wheel], check=True)
    return environment


def site_packages(environment):
    return next(environment.glob("lib/python3*/site-packages"))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """An empty folder beside a library as Plex keeps it: a film with its album, and no genres."""
    folder = tmp_path_factory.mktemp("library")
    album, film = folder / "music" / "Night Train", folder / "movies" / "Night Train (2016)"
    album.mkdir(parents=True)
    film.mkdir(parents=True)
    track = media_files.write_music(album / "01 Departure.wav", seconds=45, seed=3)
    media_files.write_music(album / "02 Arrival.wav", seconds=30, seed=4)
    wave, rate_hz = soundfile.read(track)
    played = wave[START_S * rate_hz : (START_S + PLAYED_S) * rate_hz]
    silence = np.zeros((SILENCE_S * rate_hz, 2))
    soundfile.write(folder / "film.wav", np.concatenate([silence, played, silence]), rate_hz)
    picture = ("-f", "lavfi", "-i", f"testsrc=s=160x90:r=12:d={2 * SILENCE_S + PLAYED_S}")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-shortest")
    media_files.ffmpeg(
        "-i", folder / "film.wav", *picture, *codecs, film / "Night Train (2016).mp4"
    )
    (folder / "work").mkdir()
    return folder / "work"


def environment_variables():
    named = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return named | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def scorelens(installed, work):
    """Call the installed command in the folder; it must succeed."""

    def call(*arguments):
        done = subprocess.run(
            [installed / "bin" / "scorelens", *map(str, arguments)],
            cwd=work,
            env=environment_variables(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return call


@pytest.fixture(scope="module")
def run(scorelens, work):
    """What the commands printed that make tables, cues and desk."""
    made = scorelens("init", work.parent / "movies", work.parent / "music")
    return made, scorelens("run", "cues", "desk", "--cores", "2")


def test_packages_come_from_the_wheel_and_not_from_the_clone(installed, work, home, run):
    code = (
        "import scorelens, scorelens.command as c; print(scorelens.__file__, c.workflow_folder())"
    )
    done = subprocess.run(
        [installed / "bin" / "python", "-c", code],
        cwd=work, env=environment_variables(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    site = str(site_packages(installed))
    assert all(path.startswith(site) for path in done.stdout.split())
    assert str(home) not in "".join(run)


def test_cues_of_a_library_without_genres_are_found(work, run):
    made, printed = run
    assert made.startswith("1 films, 1 with video and album; 0 of these with genres;")
    assert "they need two films with genres; 0 of 1 have some" in printed
    cues = tables.read_table(work / "results" / "cues" / "films" / f"{FILM_ID}.tsv", tables.CUES)
    (cue,) = cues.itertuples()
    assert "departure" in cue.track_id
    assert cue.film_start_s == pytest.approx(SILENCE_S, abs=1)
    assert cue.track_start_s - cue.film_start_s == pytest.approx(START_S - SILENCE_S, abs=0.1)


def test_desk_serves_the_film_to_who_has_the_token(installed, work, run):
    line = [installed / "bin" / "scorelens", "desk", "--no-browser"]
    with subprocess.Popen(
        line, cwd=work, env=environment_variables(), stdout=subprocess.PIPE, text=True
    ) as served:
        try:
            address = next(filter(None, map(token_address, served.stdout)))
            cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
            browser = urllib.request.build_opener(cookies)
            assert "scorelens" in browser.open(address).read().decode()
            host = address.split("?")[0]
            page = f"{host}files{work}/results/desk/films/{FILM_ID}.html"
            assert "Night Train" in browser.open(page).read().decode()
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(page)
        finally:
            served.terminate()


def token_address(line):
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)
    return found[0] if found else ""
