"""How loud the music of a cue is against the rest: on signals whose levels are known."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from scipy import signal

from scorelens import media, tables
from scorelens.cues import levels, roles, spectra
from scorelens.cues.separation import separate
from scorelens.errors import MediaError, TableError
from tests.album_tables import make_tracks
from tests.cue_tables import cue_table
from tests.media_files import ffmpeg
from tests.report_run import make_films, make_status

RATE_HZ = 16_000
LENGTH_S = 24


def melody(seconds, seed=1):
    """Notes with overtones that fade, two voices in two channels."""
    rng = np.random.default_rng(seed)
    sound = np.zeros((round(seconds * RATE_HZ), 2))
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for channel in (0, 1):
        for start in range(0, len(sound) - RATE_HZ // 4, RATE_HZ // 4):
            hz = 110 * 2 ** (rng.integers(0, 36) / 12)
            note = sum(np.sin(2 * np.pi * k * hz * time_s) / k for k in range(1, 9))
            note = note * np.exp(-4 * time_s)
            stop = min(len(sound), start + len(note))
            sound[start:stop, channel] += note[: stop - start]
    return (0.1 * sound).astype(np.float32)


def talk(seconds, seed=2):
    """Noise of one colour in bursts of 0.1 to 0.5 s, with pauses."""
    rng = np.random.default_rng(seed)
    noise = signal.lfilter([1], [1, -0.9], rng.standard_normal(round(seconds * RATE_HZ)))
    steps = np.repeat(rng.random(400) < 0.7, RATE_HZ * rng.integers(2, 10, 400) // 20)
    return np.repeat((noise * (steps[: len(noise)] + 0.03))[:, None], 2, axis=1).astype(np.float32)


def power(sound):
    return float(np.square(sound, dtype=float).mean(axis=0).sum())


def mixed(music, rest, ratio_db):
    """The music at a level so much above the rest, and the mix."""
    music = music * np.float32(np.sqrt(power(rest) / power(music) * 10 ** (ratio_db / 10)))
    return music, music + rest


def write(path, sound, rate_hz=RATE_HZ):
    soundfile.write(path, sound, rate_hz, subtype="FLOAT")
    return path


def measure(folder, film, track, start_s=0.0, **changes):
    """The levels of a cue that lasts for all of a film."""
    cues = cue_table("a", ("theme", 0.0, len(film) / RATE_HZ, start_s)).assign(**changes)
    paths = write(folder / "film.wav", film), write(folder / "theme.wav", track)
    return levels.measure_cues("a", cues, paths[0], {"theme": paths[1]}), cues


@pytest.mark.parametrize("ratio_db", [10, 5, 0, -5, -10])
def test_ratio_of_filtered_music_is_measured_at_every_level(tmp_path, ratio_db):
    track = melody(LENGTH_S + 4)
    played = signal.lfilter(*signal.butter(1, 2000, fs=RATE_HZ), track[3 * RATE_HZ :], axis=0)
    music, film = mixed(played[: LENGTH_S * RATE_HZ], 0.05 * talk(LENGTH_S), ratio_db)
    rows, cues = measure(tmp_path, film, track, 3.02)  # aligned 0.02 s wrongly
    cue = roles.describe_cues(cues, rows).iloc[0]
    assert cue.music_to_rest_db == pytest.approx(ratio_db, abs=1.5)
    assert cue.level_db == pytest.approx(10 * np.log10(power(music)), abs=1.0)
    seconds = film.reshape(LENGTH_S, RATE_HZ, 2)
    total_db = 10 * np.log10(10 ** (rows.music_db / 10) + 10 ** (rows.rest_db / 10))
    true_db = [10 * np.log10(power(second)) for second in seconds]
    assert np.abs(total_db - true_db).median() < 1


def test_ducked_seconds_are_in_the_background(tmp_path):
    track = melody(LENGTH_S)
    rest = 0.05 * talk(LENGTH_S)
    rest *= np.float32(np.sqrt(power(track) / power(rest)))
    gain_db = np.where(np.arange(LENGTH_S) // 6 % 2, -10.0, 10.0)
    film = track * np.repeat(10 ** (gain_db / 20), RATE_HZ)[:, None].astype(np.float32) + rest
    rows, cues = measure(tmp_path, film, track)
    inner = np.arange(LENGTH_S) % 6 % 5 > 0
    assert (rows.is_foreground == (gain_db > 0))[inner].mean() >= 0.9
    assert np.median(rows.music_to_rest_db[gain_db > 0]) - np.median(
        rows.music_to_rest_db[gain_db < 0]
    ) == pytest.approx(20, abs=4)
    cue = roles.describe_cues(cues, rows).iloc[0]
    assert 0.4 <= cue.foreground_share <= 0.6


@pytest.mark.parametrize("speed", [25 / 24, 0.94])
def test_ratio_of_music_at_another_speed_is_measured(tmp_path, speed):
    track = melody(1.1 * LENGTH_S)
    played = soxr.resample(track, RATE_HZ * speed, RATE_HZ)[: LENGTH_S * RATE_HZ]
    _, film = mixed(played, 0.05 * talk(LENGTH_S), 0)
    rates = {"speed": speed, "pitch_semitones": 12 * np.log2(speed)}
    rows, cues = measure(tmp_path, film, track, **rates)
    assert roles.describe_cues(cues, rows).music_to_rest_db[0] == pytest.approx(0, abs=1.5)
    wrong, cues = measure(tmp_path, film, track)
    assert roles.describe_cues(cues, wrong).music_to_rest_db[0] < -2.5


def test_ratio_of_music_stretched_at_its_pitch_is_measured(tmp_path):
    steps = np.random.default_rng(3).integers(0, 36, 400)

    def tones(step_s):  # one tone a step
        time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
        hz = 110 * 2 ** (steps[(time_s / step_s).astype(int)] / 12)
        sound = 0.1 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)
        return np.repeat(sound[:, None], 2, axis=1).astype(np.float32)

    _, film = mixed(tones(0.25 / 1.06), 0.05 * talk(LENGTH_S), -5)
    rows, cues = measure(tmp_path, film, tones(0.25), speed=1.06, tempo=1.06)
    last = rows.time_s < LENGTH_S / 1.06 - 1  # the track ends
    ratio_db = roles.describe_cues(cues, rows[last]).music_to_rest_db[0]
    assert ratio_db == pytest.approx(-5, abs=1.5)


def test_channels_count_by_their_power_and_not_by_their_mean(tmp_path):
    """Music out of phase in two channels of a film of three has no mean, and all of its power."""
    track, rest = melody(LENGTH_S)[:, :1], 0.05 * talk(LENGTH_S)[:, :1]
    music, _ = mixed(np.concatenate([track, -track], axis=1), rest, 0)
    rows, cues = measure(tmp_path, np.concatenate([music, rest], axis=1), track)
    assert roles.describe_cues(cues, rows).music_to_rest_db[0] == pytest.approx(0, abs=1.5)


def test_other_music_is_the_rest(tmp_path):
    track = melody(LENGTH_S)
    rows, _ = measure(tmp_path, melody(LENGTH_S, seed=9), track)
    assert np.median(rows.music_to_rest_db) < -2
    rows, _ = measure(tmp_path, 0.05 * talk(LENGTH_S), track)
    assert np.median(rows.music_to_rest_db) < -10


def test_music_alone_and_silence_are_at_the_limits(tmp_path):
    track = melody(LENGTH_S)
    rows, _ = measure(tmp_path, track, track)
    assert (rows.music_to_rest_db > 20).mean() > 0.9
    rows, cues = measure(tmp_path, 0 * track, track)
    assert set(rows.music_to_rest_db) == {-30} and set(rows.music_db) == {-100}
    assert roles.describe_cues(cues, rows).to_dict("records") == [
        {
            "level_db": -100.0,
            "music_to_rest_db": -30.0,
            "foreground_share": 0.0,
            "role": "background",
        }
    ]
    rows, _ = measure(tmp_path, track, 0 * track)
    assert set(rows.music_to_rest_db) == {-30}


def test_seconds_of_a_cue_are_those_it_fills_by_half(tmp_path):
    track = melody(8)
    paths = write(tmp_path / "film.wav", track), {"theme": write(tmp_path / "theme.wav", track)}
    cues = cue_table(
        "a", ("theme", 1.4, 4.6, 1.4), ("theme", 5.9, 6.1, 5.9), ("theme", 7.5, 30.0, 7.5)
    )
    rows = levels.measure_cues("a", cues, *paths)
    seconds = rows.groupby("cue_id").time_s.apply(list).tolist()
    assert seconds == [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0], [7.0, *range(8, 30)]]
    assert set(rows.music_to_rest_db[rows.time_s >= 9]) == {-30}  # after the end of the film
    assert levels.measure_cues("a", cues[:0], *paths).empty


def test_long_cue_is_measured_in_stretches_of_bounded_length(tmp_path):
    cues = cue_table("a", ("theme", 10.0, 310.0, 0.0), ("theme", 100.0, 130.0, 0.0))
    stretches = levels.list_stretches(cues)
    assert [one.cue for one in stretches] == [0, 1, 0, 0]
    lengths_s = [(one.stop - one.first) / spectra.FRAMES_PER_S for one in stretches]
    assert sum(lengths_s) == 330 and max(lengths_s) <= levels.MAX_STRETCH_S


def test_film_in_blocks_has_the_spectra_of_the_whole(tmp_path):
    sound = melody(20)
    ranges = [(3, 40), (20, 90), (200, 310), (305, 330)]
    blocks = [sound[first : first + 30_000] for first in range(0, len(sound), 30_000)]
    for (first, stop), block_power in zip(
        ranges, spectra.film_spectra(iter(blocks), ranges), strict=True
    ):
        centres = np.arange(first, stop) * spectra.HOP + spectra.HOP // 2
        np.testing.assert_allclose(
            block_power, spectra.power_spectra(sound, centres), rtol=1e-4, atol=1e-12
        )


def test_power_spectrum_sums_to_the_mean_square():
    noise = np.random.default_rng(4).standard_normal((RATE_HZ * 4, 2)).astype(np.float32)
    centres = np.arange(2048, 60_000, 100)
    share = (spectra.HIGH_HZ - spectra.LOW_HZ) / (RATE_HZ / 2)
    assert spectra.power_spectra(noise, centres).sum(1).mean() == pytest.approx(2 * share, rel=0.03)


def test_parts_sum_to_the_film_and_do_not_depend_on_the_level_of_the_track():
    rng = np.random.default_rng(5)
    track = rng.gamma(0.3, 1, (64, spectra.BINS)).astype(np.float32)
    film = (0.5 * track + rng.exponential(0.05, track.shape)).astype(np.float32)
    parts, louder = separate(film, track), separate(film, 1000 * track)
    np.testing.assert_allclose(parts.music + parts.rest, film.sum(1), rtol=1e-4)
    np.testing.assert_allclose(parts.music, louder.music, rtol=1e-3)


def test_channels_are_decoded_apart_without_bass_effects(tmp_path):
    sound = np.random.default_rng(6).uniform(-0.5, 0.5, (4000, 6)).astype(np.float32)
    wave, path = write(tmp_path / "film.wav", sound), tmp_path / "film.mkv"
    ffmpeg("-i", wave, "-c:a", "flac", path)  # with the layout 5.1
    blocks = list(media.channel_blocks(path, RATE_HZ, block_s=0.1))
    assert [block.shape for block in blocks] == [(1600, 5), (1600, 5), (800, 5)]
    np.testing.assert_allclose(np.concatenate(blocks), np.delete(sound, 3, axis=1), atol=1e-4)


def job(folder, track_ids=("theme",)):
    """Files of a job of one film, and its arguments."""
    track = melody(6)
    write(folder / "film.wav", track)
    write(folder / "theme.wav", track)
    cues = cue_table("film_00", *((name, 1.0, 5.0, 1.0) for name in track_ids))
    tracks = make_tracks([("film_00", "theme", str(folder / "theme.wav"), 6.0, RATE_HZ)])
    status = make_status(make_films(1, np.random.default_rng(0)))[:1]
    status = status.assign(video_bytes=(folder / "film.wav").stat().st_size)
    schemas = {"cues": tables.CUES, "tracks": tables.TRACKS, "status": tables.STATUS}
    paths = {name: folder / f"{name}.tsv" for name in schemas}
    for frame, (name, schema) in zip((cues, tracks, status), schemas.items(), strict=True):
        tables.write_table(frame, paths[name], schema)
    return {"film_id": "film_00", "video": folder / "film.wav", **paths} | {
        "table": folder / "film_00.parquet"
    }


def test_job_writes_the_levels_of_a_film(tmp_path):
    arguments = job(tmp_path)
    levels.measure_film(**arguments)
    rows = tables.read_table(arguments["table"], tables.CUE_LEVELS)
    assert rows.time_s.tolist() == [1, 2, 3, 4] and rows.is_foreground.all()


def test_job_with_an_unknown_track_or_another_film_is_refused(tmp_path):
    arguments = job(tmp_path, ("theme", "lost"))
    with pytest.raises(TableError, match=r"\['lost'\] are unknown"):
        levels.measure_film(**arguments)
    write(tmp_path / "film.wav", melody(7))
    with pytest.raises(MediaError):
        levels.measure_film(**job(tmp_path) | {"video": write(tmp_path / "new.wav", melody(7))})


def test_summary_has_speech_where_it_was_detected(tmp_path):
    cues = {
        "a": cue_table("a", ("theme", 1.0, 5.0, 0.0), ("theme", 6.0, 8.0, 0.0)),
        "b": cue_table("b", ("theme", 0.0, 2.0, 0.0)),
        "c": cue_table("c"),
    }
    powers = pd.DataFrame({"music_db": [-20.0, -10, -40], "rest_db": [-30.0, -20, -20]})
    seconds = pd.DataFrame({"cue_id": ["cue_0000", "cue_0000", "cue_0001"], "time_s": [1.0, 2, 6]})
    ratio = powers.music_db - powers.rest_db
    frame = seconds.join(powers).assign(music_to_rest_db=ratio, is_foreground=ratio >= 0)
    speech = pd.DataFrame({"time_s": np.arange(9.0), "music": 1, "speech": [0] * 3 + [1] * 6})
    paths = {"cues": [], "levels": [], "music": []}
    for film, found in cues.items():
        rows = frame[frame.cue_id.isin(found.cue_id)].assign(film_id=film)
        for name, table, schema in (
            ("cues", found, tables.CUES),
            ("levels", rows, tables.CUE_LEVELS),
            ("music", speech.assign(film_id=film, singing=0), tables.MUSIC),
        ):
            path = tmp_path / name / f"{film}.parquet"
            tables.write_table(tables.as_typed(table[schema.names], schema), path, schema)
            paths[name].append(path)
    table = tmp_path / "levels.tsv"
    paths["music"] = paths["music"][:1]
    roles.summarize_levels(**paths, table=table, speech_threshold=0.2)
    written = tables.read_table(table, tables.CUE_ROLES)
    assert written.film_id.tolist() == ["a", "a", "b"]
    assert written.dialogue_overlap.tolist()[:2] == [0.5, 1.0]
    assert written.dialogue_overlap.isna().tolist() == [False, False, True]
    assert written.role.tolist() == ["foreground", "background", "foreground"]
    assert written.level_db.tolist() == pytest.approx([-12.596, -40, -12.596], abs=1e-3)
    assert written.music_to_rest_db.tolist() == pytest.approx([10, -20, 10])
