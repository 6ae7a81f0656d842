"""The check of films and albums: status, tracks, problems and notes."""

import re
import subprocess

import imageio_ffmpeg
import numpy as np
import pandas as pd
import pytest
import soundfile

from scorelens import tables
from scorelens.albums.files import NO_ALBUM
from scorelens.corpus import check
from scorelens.errors import InputError, Problem
from scorelens.film_table import Film


@pytest.fixture
def checked(tmp_path):
    """Check a film and the files of its album; return its status row and its tracks."""

    def run(video, files, film_id="a_film"):
        album = tmp_path / f"{film_id}_album.tsv", tmp_path / f"{film_id}_album.status.tsv"
        check.check_album("an_album", tmp_path, list(map(str, files)), album[1], album[0])
        paths = tmp_path / f"{film_id}_status.tsv", tmp_path / f"{film_id}_tracks.tsv"
        check.check_film(film_id, str(video) if video else None, album, *paths)
        return tables.read_table(paths[0], tables.STATUS).loc[0], tables.read_table(
            paths[1], tables.TRACKS
        )

    return run


def encode(path, target, *options):
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-y", "-i", str(path), *options, str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


def truncate(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_valid_film_has_status_ok(checked, film, tone):
    status, tracks = checked(film("a.mkv", np.zeros(96000)), [tone("theme.flac", 6.0)])
    assert (status.status, status.problems, status.notes) == ("ok", "", "")
    assert status.has_picture
    assert len(status.video_sha256) == 64
    assert tracks.duration_s.tolist() == [6.0]
    assert tracks.sample_rate_hz.tolist() == [22050]


def test_film_without_picture_is_noted(checked, tone):
    status, _ = checked(tone("a.wav", 8.0), [tone("t.wav", 2.0)])
    assert status.status == "ok"
    assert not status.has_picture
    assert "no picture" in status.notes
    assert "track t is shorter than a texture window of 5 s (2.0 s)" in status.notes


def test_all_problems_of_a_film_are_reported_together(checked, film, tmp_path, tone):
    (tmp_path / "words.mp3").write_text("not music " * 200)
    (tmp_path / "empty.ogg").touch()
    status, tracks = checked(
        film("silent.mkv"),
        [tmp_path / "words.mp3", tmp_path / "empty.ogg", tone("good.wav", 6.0)],
    )
    assert status.status == "bad"
    for message in (
        "silent.mkv: has no sound",
        "words.mp3: cannot be read",
        "empty.ogg: is empty (0 bytes)",
    ):
        assert message in status.problems
    assert tracks.track_id.tolist() == ["good"]


def test_album_file_without_sound_is_skipped_and_noted(checked, film, tone):
    status, tracks = checked(tone("a.wav", 8.0), [film("clip.mkv"), tone("good.wav", 6.0)])
    assert "no music, skipped: clip.mkv" in status.notes
    assert (status.problems, tracks.track_id.tolist()) == ("", ["good"])


def test_album_without_audio_is_a_problem(checked, film, tone, tmp_path):
    status, tracks = checked(tone("a.wav", 8.0), [film("clip.mkv")])
    assert status.problems.startswith(f"{tmp_path}: holds no audio file")
    assert tracks.empty


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_truncated_film_is_a_problem(checked, tone, film, share):
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 60 * 48000)
    whole = film("whole.mkv", noise, seconds=60)
    mp4 = encode(whole, whole.with_suffix(".mp4"), "-movflags", "+faststart")
    good = tone("good.wav", 6.0)
    assert checked(mp4, [good])[0].status == "ok"
    status, _ = checked(truncate(mp4, share), [good])
    assert re.search(r"lacks \d\d% of what its index lists, from \d\d\.\d s on", status.problems)
    assert "cut off" in status.problems


def test_truncated_track_is_a_problem(checked, tone):
    whole = tone("t.flac", 60.0, 44100)
    status, _ = checked(tone("a.wav", 8.0), [truncate(whole, 0.5)])
    assert "t.flac: lacks 50% of what its index lists, from 30." in status.problems


def test_missing_film_has_no_hash(checked, tone):
    status, _ = checked(None, [tone("good.wav", 6.0)])
    assert status.video_sha256 == ""


@pytest.fixture
def gathered(tmp_path, checked, tone):
    """Gather films with given problems; return the output tables by name."""

    def run(on_bad_film, faults):
        films = []
        for film_id, fault in faults.items():
            problems = (
                (Problem("films.tsv, line 2, column genres", fault, "a genre"),) if fault else ()
            )
            films.append(Film(film_id, film_id, 2001, ("Drama",), "", NO_ALBUM, problems))
            checked(tone("a.wav", 8.0), [tone("t.wav", 6.0)], film_id)
        outputs = {name: str(tmp_path / f"{name}.tsv") for name in ("films", "tracks", "status")}
        statuses = [str(tmp_path / f"{film.film_id}_status.tsv") for film in films]
        tracks = [str(tmp_path / f"{film.film_id}_tracks.tsv") for film in films]
        check.gather_films(films, on_bad_film, statuses, tracks, outputs)
        return {name: pd.read_csv(path, sep="\t") for name, path in outputs.items()}

    return run


def test_on_bad_film_stop_raises_with_all_bad_films(gathered):
    with pytest.raises(InputError) as caught:
        gathered("stop", {"one": "'X' is no genre", "two": "", "three": "'Y' is no genre"})
    text = str(caught.value)
    assert "film one" in text and "'X' is no genre" in text
    assert "film three" in text and "'Y' is no genre" in text
    assert "film two" not in text
    assert "on_bad_film: skip" in text


def test_on_bad_film_skip_excludes_bad_films_with_the_reason(gathered):
    tables_by_name = gathered("skip", {"one": "'X' is no genre", "two": ""})
    assert tables_by_name["films"].film_id.tolist() == ["two"]
    assert tables_by_name["tracks"].film_id.tolist() == ["two"]
    assert tables_by_name["status"].status.tolist() == ["bad", "ok"]
    assert "'X' is no genre" in tables_by_name["status"].problems[0]


def test_skipping_every_film_is_an_error(gathered):
    with pytest.raises(InputError, match="1 of 1 films have problems"):
        gathered("skip", {"one": "'X' is no genre"})


def test_non_finite_samples_are_noted(checked, tmp_path):
    sound = np.zeros((60_000, 2), np.float32)
    sound[100:103, 0], sound[500, 1] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", sound, 6000, subtype="FLOAT")
    status, _ = checked(tmp_path / "a.wav", [tmp_path / "a.wav"])
    assert status.status == "ok"
    assert "4 samples are not finite; they count as silence" in status.notes
    assert "a.wav: 4 samples are not finite; they count as silence" in status.notes
