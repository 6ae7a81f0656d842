"""Synthetic films with known cues: scenes, mix, encoding, demo and assembled films."""

import logging

import av
import numpy as np
import pytest
import soundfile

from scorelens import media
from scorelens.corpus.synthesis import (
    assembler,
    clips,
    demo,
    demo_plan,
    mixing,
    pictures,
    timeline,
    video_writer,
)
from scorelens.errors import ConfigError, InputError, MediaError
from scorelens.tables import ALBUM_TRACKS, TRUTH, read_table
from tests.album_tables import write_tracks

RATE_HZ = timeline.RATE_HZ
SMALL = pictures.FrameFormat(64, 36, 8)


# --- scenes


@pytest.fixture(scope="module")
def music_folder(tmp_path_factory):
    """Three tracks of different noise, 12 s each, 16 bits."""
    folder = tmp_path_factory.mktemp("album")
    rng = np.random.default_rng(7)
    for name in "abc":
        noise = rng.normal(0, 0.1, 12 * RATE_HZ).astype(np.float32)
        soundfile.write(folder / f"{name}.wav", noise, RATE_HZ, subtype="PCM_16")
    return folder


def table_of(folder, target, names):
    rows = [("album", name, folder / f"{name}.wav", 30.0, RATE_HZ) for name in names]
    return write_tracks(rows, target / f"{names}.tsv", ALBUM_TRACKS)


def tracks_of(folder, names="abc"):
    return {name: folder / f"{name}.wav" for name in names}


PACE = timeline.Pace(cue_s=(2.0, 5.0), pause_s=(0.5, 2.0), joined=0.3, decoys=0.3)


@pytest.mark.parametrize("seed", range(5))
def test_scenes_cover_the_film_and_contain_exact_excerpts(music_folder, seed):
    rng = np.random.default_rng(seed)
    decoys = {"c": music_folder / "c.wav"}
    album = tracks_of(music_folder, "ab")
    scenes = timeline.plan_scenes(album, decoys, PACE, 40 * RATE_HZ, rng)
    edges = [scenes[0].start, *(scene.end for scene in scenes)]
    assert edges[0] == 0 and edges[-1] == 40 * RATE_HZ
    assert [scene.start for scene in scenes] == edges[:-1] and np.all(np.diff(edges) > 0)
    cues = [scene for scene in scenes if scene.track_id]
    assert not cues[0].decoy
    assert [cue.track_id == "c" for cue in cues] == [cue.decoy for cue in cues]
    for cue in cues:
        track = media.read_audio(music_folder / f"{cue.track_id}.wav", RATE_HZ)
        excerpt = track[cue.track_start : cue.track_start + cue.end - cue.start]
        np.testing.assert_array_equal(cue.music, excerpt)
        assert 2.0 <= len(excerpt) / RATE_HZ <= 5.0


def test_all_tracks_are_used_before_one_repeats(music_folder):
    scenes = timeline.plan_scenes(
        tracks_of(music_folder), {}, PACE, 60 * RATE_HZ, np.random.default_rng(0)
    )
    order = [scene.track_id for scene in scenes if scene.track_id]
    assert set(order[:3]) == set(order[3:6]) == set("abc")


def test_sound_is_quiet_if_more_than_a_tenth_is_30_db_down():
    loud = np.full(20 * RATE_HZ, 0.1, np.float32)
    assert not timeline.is_quiet(loud)
    for seconds, quiet in ((2, False), (3, True)):
        attenuated = loud.copy()
        attenuated[: seconds * RATE_HZ] *= 0.03  # -30.5 dB
        assert timeline.is_quiet(attenuated) is quiet
    assert timeline.is_quiet(loud * 0.005)


def test_unusable_tracks_are_logged(music_folder, tmp_path, caplog):
    soundfile.write(tmp_path / "short.wav", np.full(RATE_HZ, 0.1), RATE_HZ)
    soundfile.write(tmp_path / "silent.wav", np.zeros(9 * RATE_HZ), RATE_HZ)
    (tmp_path / "text.wav").write_text("no sound at all")
    album = tracks_of(tmp_path, ["short", "silent", "text"]) | tracks_of(music_folder, "a")
    scenes = timeline.plan_scenes(album, {}, PACE, 30 * RATE_HZ, np.random.default_rng(1))
    assert {scene.track_id for scene in scenes} == {None, "a"}
    assert f"track short is skipped: {tmp_path / 'short.wav'}: is 1.0 s long" in caplog.text
    assert "silent.wav: is quiet nearly throughout" in caplog.text
    assert "text.wav: cannot be read as media" in caplog.text


def test_an_album_without_a_usable_track_is_an_error(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.full(RATE_HZ, 0.1), RATE_HZ)
    with pytest.raises(InputError) as error:
        timeline.plan_scenes(
            tracks_of(tmp_path, ["short"]), {}, PACE, 30 * RATE_HZ, np.random.default_rng(1)
        )
    assert str(error.value) == (
        f"{tmp_path}: none of 1 tracks can be used for a cue\n"
        "  expected: a readable track of at least 2 s that is not quiet\n"
        "  hint: the log names each track and what is wrong with it"
    )


def test_a_film_too_short_for_a_cue_is_an_error(music_folder):
    with pytest.raises(ConfigError, match=r"film_s: is 2 s\n  expected: more than .* cue, 2 s"):
        timeline.plan_scenes(
            tracks_of(music_folder), {}, PACE, 2 * RATE_HZ, np.random.default_rng(1)
        )


# --- the mix


def noise_clip(rng):
    return rng.normal(0, 0.1, RATE_HZ).astype(np.float32)


def cue_scene(start_s, end_s, music=None):
    start, end = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    if music is None:
        time = np.arange(end - start, dtype=np.float32) / RATE_HZ
        music = np.sin(2 * np.pi * 441 * time).astype(np.float32)
    return timeline.Scene(start, end, "a", 0, False, music)


@pytest.mark.parametrize("snr_db", [10.0, 0.0, -15.0])
def test_mix_has_the_requested_snr_and_equals_the_background_elsewhere(snr_db):
    scenes = [
        timeline.Scene(0, RATE_HZ),
        cue_scene(1, 9),
        timeline.Scene(9 * RATE_HZ, 12 * RATE_HZ),
    ]
    film, background, snrs = mixing.mix_film(
        scenes, noise_clip, noise_clip, [snr_db], np.random.default_rng(2)
    )
    assert snrs == [snr_db] and film.shape == (12 * RATE_HZ, 2)
    span = slice(RATE_HZ, 9 * RATE_HZ)
    power = [np.mean(np.square(x[span], dtype=np.float64)) for x in (film - background, background)]
    assert 10 * np.log10(power[0] / power[1]) == pytest.approx(snr_db, abs=0.01)
    np.testing.assert_array_equal(film[:RATE_HZ], background[:RATE_HZ])
    np.testing.assert_array_equal(film[9 * RATE_HZ :], background[9 * RATE_HZ :])
    assert np.abs(film).max() == pytest.approx(mixing.PEAK, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_music_is_ducked_under_speech_by_3_to_9_db(seed):
    scenes = [cue_scene(0, 60)]
    _, speaking = mixing.mix_background(
        60 * RATE_HZ, noise_clip, noise_clip, np.random.default_rng(seed)
    )
    film, background, _ = mixing.mix_film(
        scenes, noise_clip, noise_clip, [20.0], np.random.default_rng(seed)
    )
    music = (film - background)[: 60 * RATE_HZ, 0].reshape(-1, RATE_HZ // 100 * 10)
    loudness = np.sqrt(np.mean(music**2, axis=1))[40:-40]
    windows = speaking[:6000].reshape(600, 10)[40:-40]
    speech_share = np.array([windows[max(0, i - 4) : i + 5].mean() for i in range(len(windows))])
    drop_db = 20 * np.log10(loudness[speech_share == 0].mean() / loudness[speech_share == 1].mean())
    assert (speech_share == 0).sum() > 5 and (speech_share == 1).sum() > 5
    assert 2.9 < drop_db < 9.1


# --- the file


def test_encoded_film_preserves_timing_size_and_luma(tmp_path):
    rng = np.random.default_rng(8)
    sound = rng.normal(0, 0.1, (3 * RATE_HZ, 2)).astype(np.float32)
    sound = np.stack([np.convolve(channel, np.ones(8) / 8, "same") for channel in sound.T], axis=1)
    greys = [np.full((36, 64, 3), 20 + 8 * number, np.uint8) for number in range(24)]
    path = tmp_path / "a film.mp4"
    red = np.zeros((36, 64, 3), np.uint8)
    red[..., 2] = 200
    video_writer.write_film(path, iter([*greys, red]), SMALL, sound, RATE_HZ)
    info = media.probe(path)
    assert (info.width, info.height, info.frame_rate_hz) == (64, 36, 8)
    assert (info.sample_rate_hz, info.channels) == (RATE_HZ, 2)
    assert shift_s(media.read_audio(path, RATE_HZ), sound.mean(axis=1)) == pytest.approx(
        0, abs=1e-4
    )
    with av.open(str(path)) as container:
        planes = [frame.planes[0] for frame in container.decode(video=0)]
    lumas = [np.frombuffer(plane, np.uint8).reshape(36, -1)[:, :64] for plane in planes]
    expected = np.array([*(20 + 8 * number for number in range(24)), 0.2126 * 200])  # BT.709
    np.testing.assert_allclose(np.mean(lumas, axis=(1, 2)), 16 + expected * 219 / 255, atol=3)
    with open(path, "rb") as file:
        first_bytes = file.read(1 << 12)
    assert first_bytes.index(b"moov") < 100  # the index precedes the data
    assert [p.name for p in tmp_path.iterdir()] == ["a film.mp4"]


def shift_s(actual, expected):
    """Delay of `actual` in s, by the peak of the cross-correlation."""
    size = len(actual) + len(expected)
    spectrum = np.fft.rfft(actual, size) * np.conj(np.fft.rfft(expected, size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))
    return (lag if lag < size // 2 else lag - size) / RATE_HZ


def test_encoding_error_leaves_no_file(tmp_path):
    odd_size = pictures.FrameFormat(63, 35, 8)
    frames = iter([np.zeros((35, 63, 3), np.uint8)] * 8)
    with pytest.raises(MediaError) as error:
        video_writer.write_film(
            tmp_path / "f.mp4", frames, odd_size, np.zeros((RATE_HZ, 2)), RATE_HZ
        )
    assert "f.mp4: could not be encoded (" in str(error.value)
    assert "width not divisible by 2 (63x35)" in str(error.value)
    assert "check that the disk has space" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_error_of_the_frame_generator_leaves_no_file(tmp_path):
    def frames():
        yield np.zeros((36, 64, 3), np.uint8)
        raise InputError(pictures.Problem("pictures", "ran out", "more"))

    with pytest.raises(InputError, match="ran out"):
        video_writer.write_film(
            tmp_path / "f.mp4", frames(), SMALL, np.zeros((RATE_HZ, 2)), RATE_HZ
        )
    assert list(tmp_path.iterdir()) == []


# --- whole films


def make_demo(folder, number, film_s=25):
    film = demo_plan.demo_films(number + 1, 1)[number]
    tracks = [folder / "album" / f"{name}.flac" for name in demo_plan.DEMO_TRACKS]
    demo.make_demo_film(film, tracks, film_s, folder / "film.mp4", folder / "truth.tsv")
    return folder


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo film"), 1)


def test_demo_album_has_stereo_flac_tracks_of_28_to_52_s(demo_folder):
    for name in demo_plan.DEMO_TRACKS:
        info = soundfile.info(demo_folder / "album" / f"{name}.flac")
        assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 2)
        assert 28 < info.duration < 52


def test_true_cues_of_a_demo_film_match_its_sound(demo_folder):
    """The cross-correlation of film and track at every true cue has its peak within 5 ms."""
    truth = read_table(demo_folder / "truth.tsv", TRUTH)
    film = media.read_audio(demo_folder / "film.mp4", RATE_HZ)
    assert len(film) / RATE_HZ == pytest.approx(25, abs=0.05)
    album_cues = truth[~truth.decoy]
    assert len(album_cues) >= 1
    for cue in album_cues.itertuples():
        track = media.read_audio(demo_folder / "album" / f"{cue.track_id}.flac", RATE_HZ)
        start, end = round(cue.film_start_s * RATE_HZ), round(cue.film_end_s * RATE_HZ)
        first = round(cue.track_start_s * RATE_HZ)
        assert abs(shift_s(film[start:end], track[first : first + end - start])) < 0.005
        assert cue.snr_db in demo.SNRS_DB


def test_demo_film_is_deterministic_and_differs_from_another_film(demo_folder, tmp_path):
    again, other = make_demo(tmp_path / "again", 1), make_demo(tmp_path / "other", 2)
    files = ["film.mp4", "truth.tsv", *(f"album/{name}.flac" for name in demo_plan.DEMO_TRACKS)]
    for name in files:
        content = (demo_folder / name).read_bytes()
        assert content == (again / name).read_bytes(), name
        assert content != (other / name).read_bytes(), name


@pytest.fixture
def clip_folder(tmp_path):
    folder = tmp_path / "clips"
    (folder / "one").mkdir(parents=True)
    rng = np.random.default_rng(9)
    for name in ("one/first.wav", "second.wav"):
        soundfile.write(folder / name, rng.normal(0, 0.1, 8000), 16000)
    return folder


def assemble(music_folder, clip_folder, tmp_path, **changes):
    arguments = {
        "film_id": "f",
        "tracks": table_of(music_folder, tmp_path, "ab"),
        "speech": clip_folder,
        "effects": clip_folder,
        "decoys": music_folder,
        "pictures_folder": None,
        "film_s": 20,
        "snrs_db": [5.0],
        "frame_format": SMALL,
        "seed": 1,
        "video": tmp_path / "out" / "f.mp4",
        "truth": tmp_path / "out" / "f.tsv",
    }
    assembler.make_assembled_film(**arguments | changes)
    return read_table(tmp_path / "out" / "f.tsv", TRUTH)


def test_assembled_film_has_the_requested_length_and_cues(music_folder, clip_folder, tmp_path):
    truth = assemble(music_folder, clip_folder, tmp_path)
    info = media.probe(tmp_path / "out" / "f.mp4")
    assert info.duration_s == pytest.approx(20, abs=0.1) and info.has_video and info.channels == 2
    assert set(truth.track_id) <= {"a", "b", "c"}
    assert not truth.track_id[~truth.decoy].isin(["c"]).any()
    lengths = truth.film_end_s - truth.film_start_s
    assert lengths.between(8, 120).all() and (truth.snr_db == 5).all()


def test_assembled_films_of_two_seeds_differ(music_folder, clip_folder, tmp_path):
    one = assemble(music_folder, clip_folder, tmp_path)
    other = assemble(music_folder, clip_folder, tmp_path, seed=2)
    assert one.film_start_s[0] != other.film_start_s[0]


def test_decoys_are_never_tracks_of_the_album(music_folder, clip_folder, tmp_path):
    truth = assemble(
        music_folder,
        clip_folder,
        tmp_path,
        film_s=60,
        seed=27,
        tracks=table_of(music_folder, tmp_path, "a"),
    )
    assert set(truth.track_id[truth.decoy]) <= {"b", "c"}
    assert set(truth.track_id[~truth.decoy]) == {"a"}
    assert truth.decoy.any()


def test_unusable_clips_are_logged(clip_folder, caplog):
    soundfile.write(clip_folder / "silent.wav", np.zeros(800), 16000)
    (clip_folder / "text.ogg").write_text("no sound")
    draw = clips.clips_of_folder(clip_folder, "voice clips", RATE_HZ)
    rng = np.random.default_rng(0)
    with caplog.at_level(logging.WARNING):
        lengths = {len(draw(rng)) for _ in range(40)}
    assert lengths == {RATE_HZ // 2}
    assert "silent.wav: holds no sound" in caplog.text
    assert "text.ogg: cannot be read as media" in caplog.text


def test_folder_without_usable_clips_is_an_error(tmp_path):
    with pytest.raises(InputError) as error:
        clips.clips_of_folder(tmp_path / "voices", "voice clips", RATE_HZ)
    assert str(error.value) == (
        f"{tmp_path / 'voices'}: does not exist\n  expected: a folder of voice clips"
    )
    with pytest.raises(InputError, match=r"holds no sound effects\n  expected: files with sound"):
        clips.clips_of_folder(tmp_path, "sound effects", RATE_HZ)
    (tmp_path / "text.ogg").write_text("no sound")
    with pytest.raises(InputError, match=r"text\.ogg: is a file"):
        clips.clips_of_folder(tmp_path / "text.ogg", "voice clips", RATE_HZ)
    draw = clips.clips_of_folder(tmp_path, "voice clips", RATE_HZ)
    with pytest.raises(InputError, match="none of its voice clips can be read"):
        draw(np.random.default_rng(0))
