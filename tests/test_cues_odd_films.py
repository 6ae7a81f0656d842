"""Films with several audio streams, restarting timestamps or changing black bars."""

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
GREY = "color=c=0x999999:size=320x180:rate=25"  # brightness 0.6
BAR = "drawbox=x={x}:y={y}:w={w}:h={h}:c=black:t=fill:enable='between(t,{start},{end})'"


def encode(target, *options):
    ffmpeg(*options, target)
    return target


def write_audio(path, sound):
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    return path


@pytest.fixture
def process_film(tmp_path):
    """Check, match and measure a film: its status row, cues and visuals."""

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
def three_streams(tmp_path):
    """A film of 30 s with three streams: English commentary, the default, and a French dub.

    The default has the track `theme`, the other two have `chase`.
    """
    commentary, original, dub = (
        write_audio(tmp_path / f"{name}.wav", film_of(30, (8.0, track, 2.0, 15.0)))
        for name, track in (("commentary", CHASE), ("original", THEME), ("dub", CHASE))
    )
    inputs = ["-f", "lavfi", "-i", f"{GREY}:duration=30", "-i", commentary]
    inputs += ["-i", original, "-i", dub]
    maps = [part for k in range(4) for part in ("-map", k)]
    flags = ["-disposition:a:0", "comment", "-disposition:a:1", "default", "-disposition:a:2", "0"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:2", "language=fre"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"]
    return encode(tmp_path / "f.mkv", *inputs, *maps, *coded, *flags, *languages)


def test_default_audio_stream_is_matched_instead_of_the_commentary(process_film, three_streams):
    status, cues, visuals = process_film(three_streams)
    assert (status.status, status.problems) == ("ok", "")
    assert status.notes.startswith("of 3 sounds number 2 (mono, default) is used; there are also 1")
    assert cues.track_id.tolist() == ["theme"]
    np.testing.assert_allclose(cues[["film_start_s", "film_end_s"]], [[8.0, 23.0]], atol=0.6)
    assert len(visuals) == 30


@pytest.mark.parametrize("audio", ["1", "fr", "3"])
def test_audio_stream_is_selected_by_number_or_language(process_film, three_streams, audio):
    status, cues, _ = process_film(three_streams, audio)
    assert status.status == "ok"
    assert cues.track_id.tolist() == ["chase"]


def test_missing_audio_stream_is_reported_in_the_status(tmp_path, three_streams):
    status, tracks = tmp_path / "status.tsv", tmp_path / "tracks.tsv"
    check.check_film("f", str(three_streams), None, status, tracks, "de")
    result = tables.read_table(status, tables.STATUS).iloc[0]
    assert result.status == "bad"
    assert "f.mkv: has no sound 'de'" in result.problems
    assert "3 (fre, mono)" in result.problems


@pytest.mark.parametrize("extension", ["vob", "ts"])
def test_timestamps_that_restart_mid_file_are_made_continuous(process_film, tmp_path, extension):
    """Two concatenated files of grey 0.4 and 0.8, each with one cue and timestamps from 0."""
    scenes = [(5.0, THEME, 2.0, 12.0), (6.0, CHASE, 4.0, 12.0)]
    parts = []
    for k, (grey, scene) in enumerate(zip(("0x666666", "0xcccccc"), scenes, strict=True)):
        sound = write_audio(tmp_path / f"{k}.wav", film_of(20, scene))
        picture = f"color=c={grey}:size=320x180:rate=25:duration=20"
        coded = ["-c:v", "mpeg2video", "-b:v", "2M", "-c:a", "ac3", "-ar", "48000"]
        inputs = ["-f", "lavfi", "-i", picture, "-i", sound]
        parts.append(encode(tmp_path / f"{k}.{extension}", *inputs, *coded).read_bytes())
    film = tmp_path / f"f.{extension}"
    film.write_bytes(b"".join(parts))
    status, cues, visuals = process_film(film)
    assert (status.status, status.problems) == ("ok", "")
    assert status.duration_s == pytest.approx(40, abs=0.2)
    assert cues.track_id.tolist() == ["theme", "chase"]
    edges_s = cues[["film_start_s", "film_end_s"]].to_numpy()
    np.testing.assert_allclose(edges_s, [[5.0, 17.0], [26.0, 38.0]], atol=0.9)
    expected = np.where(np.arange(len(visuals)) < 20, 0.4, 0.8)
    assert len(visuals) == 40
    np.testing.assert_allclose(np.delete(visuals.brightness - expected, [19, 20]), 0, atol=0.02)


def test_changing_black_bars_set_the_aspect_ratio_but_not_brightness(process_film, tmp_path):
    """Grey 0.6 with a 4:3 pillarbox, a 2.39:1 letterbox, no bars and the letterbox again."""
    pillarbox = [BAR.format(x=x, y=0, w=40, h=180, start=0, end=9.99) for x in (0, 280)]
    letterbox = [
        BAR.format(x=0, y=y, w=320, h=24, start=start, end=end)
        for y in (0, 156)
        for start, end in ((10, 19.99), (30, 40))
    ]
    picture = ",".join([f"{GREY}:duration=40", *pillarbox, *letterbox])
    sound = write_audio(tmp_path / "s.wav", film_of(40, (12.0, THEME, 3.0, 20.0)))
    inputs = ["-f", "lavfi", "-i", picture, "-i", sound]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac"]
    _, cues, visuals = process_film(encode(tmp_path / "f.mp4", *inputs, *coded))
    assert cues.track_id.tolist() == ["theme"]
    changes = [9, 10, 19, 20, 29, 30]
    np.testing.assert_allclose(np.delete(visuals.brightness, changes), 0.6, atol=0.02)
    np.testing.assert_allclose(np.delete(visuals.contrast, changes), 0, atol=0.02)
    ratios = visuals.aspect_ratio.to_numpy()[[5, 15, 25, 35]]
    np.testing.assert_allclose(ratios, [240 / 180, 320 / 132, 320 / 180, 320 / 132], rtol=0.03)
