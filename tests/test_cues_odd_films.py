"""Odd films from the check to their tables: two sounds, two clocks, bars that change."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from scorelens import fingerprints, tables
from scorelens.corpus import check
from scorelens.cues import match
from scorelens.visuals.measure import measure_film
from tests.media_files import ffmpeg
from tests.test_cues_match import CONFIG, RATE_HZ, album_of, film_of, music

pytestmark = pytest.mark.slow
THEME, CHASE = music(1), music(2)
GREY = "color=c=0x999999:size=320x180:rate=25"  # 0.6
BAR = "drawbox=x={x}:y={y}:w={w}:h={h}:c=black:t=fill:enable='between(t,{start},{end})'"


def encode(target, *options):
    ffmpeg(*options, target)
    return target


def sound_file(path, sound):
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    return path


@pytest.fixture
def tables_of(tmp_path):
    """Check, match and measure a film; return its status, cues and visuals."""

    def run(video, audio=""):
        status, tracks = tmp_path / "status.tsv", tmp_path / "tracks.tsv"
        check.check_film("f", str(video), None, status, tracks, audio, video.stat().st_size)
        result = tables.read_table(status, tables.STATUS).iloc[0]
        fingerprints.write_album(tmp_path / "index.npz", album_of(theme=THEME, chase=CHASE))
        outputs = {"table": str(tmp_path / "cues.parquet")}
        match.match_film(
            "diagonal", "f", video, tmp_path / "index.npz", status, outputs, CONFIG, audio
        )
        measure_film("f", video, tmp_path / "visuals.parquet", 0.07, "exact")
        cues = tables.read_table(outputs["table"], tables.CUES)
        return result, cues, pd.read_parquet(tmp_path / "visuals.parquet")

    return run


@pytest.fixture
def two_sounds(tmp_path):
    """A film of 30 s: commentary in English over the chase, then the theme, then a French dub."""
    talk, film, dub = (
        sound_file(tmp_path / f"{name}.wav", film_of(30, (8.0, track, 2.0, 15.0)))
        for name, track in (("talk", CHASE), ("film", THEME), ("dub", CHASE))
    )
    inputs = ["-f", "lavfi", "-i", f"{GREY}:duration=30", "-i", talk, "-i", film, "-i", dub]
    maps = [part for k in range(4) for part in ("-map", k)]
    flags = ["-disposition:a:0", "comment", "-disposition:a:1", "default", "-disposition:a:2", "0"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:2", "language=fre"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"]
    return encode(tmp_path / "f.mkv", *inputs, *maps, *coded, *flags, *languages)


def test_the_default_sound_is_matched_and_not_the_commentary(tables_of, two_sounds):
    status, cues, visuals = tables_of(two_sounds)
    assert (status.status, status.problems) == ("ok", "")
    assert status.notes.startswith("of 3 sounds number 2 (mono, default) is used; there are also 1")
    assert cues.track_id.tolist() == ["theme"]
    np.testing.assert_allclose(cues[["film_start_s", "film_end_s"]], [[8.0, 23.0]], atol=0.3)
    assert len(visuals) == 30


@pytest.mark.parametrize("audio", ["1", "fr", "3"])
def test_another_sound_may_be_chosen(tables_of, two_sounds, audio):
    status, cues, _ = tables_of(two_sounds, audio)
    assert status.status == "ok"
    assert cues.track_id.tolist() == ["chase"]


def test_a_sound_that_is_not_there_is_a_problem(tmp_path, two_sounds):
    status, tracks = tmp_path / "status.tsv", tmp_path / "tracks.tsv"
    check.check_film("f", str(two_sounds), None, status, tracks, "de")
    result = tables.read_table(status, tables.STATUS).iloc[0]
    assert result.status == "bad"
    assert "f.mkv: has no sound 'de'" in result.problems
    assert "3 (fre, mono)" in result.problems


@pytest.mark.parametrize("ending", ["vob", "ts"])
def test_a_film_of_two_clocks(tables_of, tmp_path, ending):
    """Two parts joined byte by byte, grey 0.4 and 0.8, each with a cue; each clock starts at 0."""
    scenes = [(5.0, THEME, 2.0, 12.0), (6.0, CHASE, 4.0, 12.0)]
    parts = []
    for k, (grey, scene) in enumerate(zip(("0x666666", "0xcccccc"), scenes, strict=True)):
        sound = sound_file(tmp_path / f"{k}.wav", film_of(20, scene))
        picture = f"color=c={grey}:size=320x180:rate=25:duration=20"
        coded = ["-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "ac3", "-ar", "48000"]
        inputs = ["-f", "lavfi", "-i", picture, "-i", sound]
        parts.append(encode(tmp_path / f"{k}.{ending}", *inputs, *coded).read_bytes())
    film = tmp_path / f"f.{ending}"
    film.write_bytes(b"".join(parts))
    status, cues, visuals = tables_of(film)
    assert (status.status, status.problems) == ("ok", "")
    assert status.duration_s == pytest.approx(40, abs=0.2)
    assert cues.track_id.tolist() == ["theme", "chase"]
    edges_s = cues[["film_start_s", "film_end_s"]].to_numpy()
    np.testing.assert_allclose(edges_s, [[5.0, 17.0], [26.0, 38.0]], atol=0.4)
    expected = np.where(np.arange(len(visuals)) < 20, 0.4, 0.8)
    assert len(visuals) == 40
    np.testing.assert_allclose(np.delete(visuals.brightness - expected, [19, 20]), 0, atol=0.02)


def test_bars_that_change_three_times(tables_of, tmp_path):
    """4:3 with bars at the sides, 2.39:1, the whole frame, and 2.39:1 again: grey 0.6 in all."""
    sides = [BAR.format(x=x, y=0, w=40, h=180, start=0, end=9.99) for x in (0, 280)]
    above = [
        BAR.format(x=0, y=y, w=320, h=24, start=start, end=end)
        for y in (0, 156)
        for start, end in ((10, 19.99), (30, 40))
    ]
    picture = ",".join([f"{GREY}:duration=40", *sides, *above])
    sound = sound_file(tmp_path / "s.wav", film_of(40, (12.0, THEME, 3.0, 20.0)))
    inputs = ["-f", "lavfi", "-i", picture, "-i", sound]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac"]
    _, cues, visuals = tables_of(encode(tmp_path / "f.mp4", *inputs, *coded))
    assert cues.track_id.tolist() == ["theme"]
    changes = [9, 10, 19, 20, 29, 30]
    np.testing.assert_allclose(np.delete(visuals.brightness, changes), 0.6, atol=0.02)
    np.testing.assert_allclose(np.delete(visuals.contrast, changes), 0, atol=0.02)
    ratios = visuals.aspect_ratio.to_numpy()[[5, 15, 25, 35]]
    np.testing.assert_allclose(ratios, [240 / 180, 320 / 132, 320 / 180, 320 / 132], rtol=0.03)
