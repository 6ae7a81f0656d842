"""Treatments of the benchmark of cues: signals, levels and true cues."""

import itertools
import pathlib
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import signal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks"))

from cue_films import albums, chromaprint, mixing, plan, scores, signals, treatments
from cue_films.signals import RATE_HZ, samples
from cue_films.treatments import TREATMENTS

from scorelens import media
from tests.cue_tables import cue_table

MELODY_S, NOTE_S = 60.0, 0.25


def tone(hz: float, seconds: float = 4.0) -> np.ndarray:
    wave = np.sin(2 * np.pi * hz * np.arange(samples(seconds)) / RATE_HZ)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32) / 2


def peak_hz(sound: np.ndarray) -> float:
    """Frequency of the highest peak, to a tenth of a hertz."""
    middle = sound[len(sound) // 4 : 3 * len(sound) // 4].mean(axis=1)
    window = np.hanning(len(middle))
    spectrum = np.abs(signal.zoom_fft(middle * window, [50, 1550], 15001, fs=RATE_HZ))
    return 50 + spectrum.argmax() / 10


def level_db(sound: np.ndarray) -> float:
    return 20 * np.log10(signals.rms(sound))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((samples(seconds), 2)).astype(np.float32) / 8


def power_between(sound: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Share of the power in a band."""
    hz, power = signal.welch(sound.mean(axis=1), RATE_HZ, nperseg=8192)
    return power[(hz >= low_hz) & (hz <= high_hz)].sum() / power.sum()


@pytest.mark.parametrize("semitones", [1.0, -2.0, 0.5])
def test_pitch_alone_moves_frequency_and_keeps_length(semitones):
    shifted = signals.stretched(tone(440), semitones=semitones)
    assert len(shifted) == samples(4.0)
    assert peak_hz(shifted) == pytest.approx(440 * 2 ** (semitones / 12), abs=0.2)
    assert level_db(shifted) == pytest.approx(level_db(tone(440)), abs=1.1)


def test_pitch_up_one_semitone_has_peak_at_466_hz():
    assert peak_hz(signals.stretched(tone(440), semitones=1)) == pytest.approx(466.2, abs=0.2)


@pytest.mark.parametrize("percent", [4, -8])
def test_tempo_alone_changes_length_and_keeps_frequency(percent):
    tempo = 1 + percent / 100
    changed = signals.stretched(tone(440), tempo=tempo)
    assert len(changed) == round(samples(4.0) / tempo)
    assert peak_hz(changed) == pytest.approx(440, abs=0.2)


@pytest.mark.parametrize("tempo, semitones", [(1.04, 0), (0.92, 0), (1, 1), (1, -2)])
def test_tempo_and_pitch_move_events_to_their_time(tempo, semitones):
    bursts = np.zeros((samples(8.0), 2), np.float32)
    times_s = np.array([1.0, 3.0, 6.5])
    for time_s in times_s:
        bursts[samples(time_s) :][: samples(0.1)] = tone(600, 0.1)
    changed = np.abs(signals.stretched(bursts, tempo, semitones)).max(axis=1)
    starts = [
        np.flatnonzero(changed[samples(at - 0.2) : samples(at + 0.2)] > 0.1)[0] / RATE_HZ - 0.2
        for at in times_s / tempo
    ]
    assert np.abs(starts).max() < 0.03


def test_speed_changes_length_and_frequency_together():
    faster = signals.played_at(tone(440), 25 / 24)
    assert len(faster) == pytest.approx(samples(4.0) * 24 / 25, abs=2)
    assert peak_hz(faster) == pytest.approx(440 * 25 / 24, abs=0.2)


def test_side_removes_centre_and_keeps_sides():
    centre, wide = tone(440), tone(1000) * np.array([1, -1], np.float32)
    both = signals.side(centre + wide)
    assert np.abs(both[:, 0] - wide[:, 0]).max() < 1e-6
    assert np.abs(signals.side(centre)).max() == 0


def test_left_only_copies_left_channel():
    sound = noise(1.0)
    assert (signals.left_only(sound) == sound[:, :1]).all()


def test_radio_is_limited_to_its_band():
    played = signals.radio(noise(4.0), np.random.default_rng(1))
    assert power_between(played, 250, 3600) > 0.85
    assert (played[:, 0] == played[:, 1]).all()


def test_next_room_has_little_above_one_kilohertz():
    played = signals.next_room(noise(4.0), np.random.default_rng(1))
    assert power_between(played, 1000, 20000) < 0.05


def test_hall_decays_by_sixty_db_in_its_time():
    click = np.zeros((samples(3.0), 2), np.float32)
    click[0] = 1
    response = signals.hall(click, np.random.default_rng(1))
    early, late = (response[samples(at) :][: samples(0.1)] for at in (0.3, 1.4))
    assert level_db(early) - level_db(late) == pytest.approx(60 * 1.1 / 2.2, abs=2)


def test_room_response_has_direct_sound_at_its_level():
    response = signals.room_response(0.5, -3.0, 5000, np.random.default_rng(2))
    direct, rest = np.sum(response[0] ** 2), np.sum(response[1:] ** 2)
    assert 10 * np.log10(direct / 2 / (rest / 2)) == pytest.approx(-3 + 10 * np.log10(2), abs=0.3)


def test_tilt_changes_level_by_octave():
    gains = [level_db(signals.tilted(tone(hz), 4.0)) for hz in (500, 1000, 2000)]
    assert np.diff(gains) == pytest.approx([4, 4], abs=0.2)
    assert gains[1] == pytest.approx(level_db(tone(1000)), abs=0.2)


def test_limiter_reduces_crest():
    loud = noise(4.0) * np.repeat([1, 4, 1, 4], samples(1.0))[:, None].astype(np.float32)
    crest = [np.abs(sound).max() / signals.rms(sound) for sound in (loud, signals.limited(loud))]
    assert crest[1] < 0.6 * crest[0]


def test_wow_swings_frequency_by_its_depth():
    swinging = signals.wow(tone(1000, 8.0), 0.01, 0.5)
    phase = np.unwrap(np.angle(signal.hilbert(swinging[:, 0])))
    hz = np.diff(phase)[4410:-4410] * RATE_HZ / (2 * np.pi)
    slow = signal.savgol_filter(hz, 2205, 1)
    assert slow.max() == pytest.approx(1010, abs=0.5)
    assert slow.min() == pytest.approx(990, abs=0.5)


def test_fades_reach_half_of_the_amplitude_half_way():
    sound = signals.faded(np.ones((samples(30.0), 2), np.float32), 10.0, 4.0)
    at = [sound[samples(s), 0] for s in (5.0, 15.0, 28.0)]
    assert at == pytest.approx([0.5, 1.0, 0.5], abs=1e-3)


def test_cross_fade_has_equal_power():
    both = signals.joined(noise(4.0, 1), noise(4.0, 2), samples(2.0))
    assert len(both) == samples(6.0)
    assert level_db(both[samples(2.0) : samples(4.0)]) == pytest.approx(level_db(both), abs=0.1)


def notes_hz(number: int) -> np.ndarray:
    """The notes of a track, one in a quarter second."""
    rng = np.random.default_rng(number)
    return 110 * 2 ** (rng.integers(0, 36, round(MELODY_S / NOTE_S)) / 12)


def melody(number: int) -> np.ndarray:
    """The notes as decaying tones, each with its own place between left and right."""
    time_s = np.arange(samples(NOTE_S)) / RATE_HZ
    waves = np.sin(2 * np.pi * notes_hz(number)[:, None] * time_s) * np.exp(-4 * time_s)
    sides = np.random.default_rng(number).uniform(0.2, 1.0, (len(waves), 1, 2))
    return (waves[:, :, None] * sides).reshape(-1, 2) / 2


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> mixing.Stage:
    """Two albums of four tracks, speech of noise bursts and effects of tones."""
    folder = tmp_path_factory.mktemp("media")
    for number in range(8):
        path = folder / f"album_{number // 4}" / f"track_{number}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, melody(number), RATE_HZ)
    tracks = albums.list_tracks(folder)
    made = plan.make_plan(tracks, albums.locate(tracks), set(), albums=1, cues=2, seed=3)
    return mixing.Stage(
        made,
        speech=lambda rng: rng.standard_normal(RATE_HZ).astype(np.float32) / 8,
        effects=lambda rng: tone(700, 0.5)[:, 0],
        media="test",
        cache=tmp_path_factory.mktemp("cache"),
        minutes=4.0,
    )


def mix(stage, name: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The rest of the first film, the film with music, and its true cues."""
    film, treatment = next(iter(mixing.films_of(TREATMENTS[name], stage))), TREATMENTS[name]
    speech, effects, activity = mixing.read_background(film, stage)
    rest = mixing.spread(speech, "speech", treatment) + mixing.spread(effects, "effects", treatment)
    mixed = rest.copy()
    truth, _ = mixing.add_music(mixed, film, treatment, stage.plan.sounds, activity)
    return rest, mixed, truth


def span(row) -> slice:
    return slice(samples(row.film_start_s), samples(row.film_end_s))


@pytest.mark.parametrize("name", ["control", "surround"])
def test_levels_of_the_seconds_are_those_of_music_and_rest(stage, name):
    film, treatment = next(iter(mixing.films_of(TREATMENTS[name], stage))), TREATMENTS[name]
    rest, mixed, truth = mix(stage, name)
    _, levels = mixing.add_music(rest.copy(), film, treatment, stage.plan.sounds, np.zeros(100_000))
    for number, row in enumerate(truth.itertuples()):
        seconds = levels[levels.cue == number].iloc[1:-1]  # whole ones
        assert len(seconds) in (int(row.film_end_s - row.film_start_s) - d for d in (-1, 0, 1, 2))
        for second in seconds.itertuples():
            part = slice(second.second * RATE_HZ, (second.second + 1) * RATE_HZ)
            beside_bass = [k for k in range(rest.shape[1]) if rest.shape[1] < 6 or k != 3]
            for sound, measured_db in (
                ((mixed - rest)[part], second.music_db),
                (rest[part], second.rest_db),
            ):
                power = np.square(sound[:, beside_bass], dtype=float).mean(axis=0).sum()
                assert measured_db == pytest.approx(10 * np.log10(power), abs=0.1)


@pytest.mark.parametrize("name", ["control", "ducking", "surround", "level_-20_db", "fades_10_s"])
def test_music_has_its_level_against_the_rest(stage, name):
    rest, mixed, truth = mix(stage, name)
    for row in truth.itertuples():
        music = (mixed - rest)[span(row)]
        assert level_db(music) - level_db(rest[span(row)]) == pytest.approx(row.snr_db, abs=0.1)
    assert np.abs((mixed - rest)[: samples(truth.film_start_s.min())]).max() == 0


@pytest.mark.parametrize(
    "name", ["control", "tempo_+4%", "pitch_-2", "speed_0.94", "pieces", "stingers_4_s"]
)
def test_truth_names_the_note_of_the_track_in_every_second(stage, name):
    rest, mixed, truth = mix(stage, name)
    music, right = mixed - rest, []
    for row in truth.itertuples():
        notes = notes_hz(int(row.track_id.split("_")[-1]))
        for second in np.arange(row.film_start_s + 1, row.film_end_s - 1):
            track_s = row.track_start_s + (second - row.film_start_s) * row.tempo
            number = int(track_s / NOTE_S)
            middle_s = second + ((number + 0.5) * NOTE_S - track_s) / row.tempo
            sound = music[samples(middle_s - 0.1) : samples(middle_s + 0.1)]
            expected = notes[number] * 2 ** (row.pitch_semitones / 12)
            right.append(abs(peak_hz(sound) / expected - 1) < 0.02)
    assert np.mean(right) > 0.93
    assert len(right) > 15


def test_speech_is_alone_in_the_centre_of_a_surround_film(stage):
    rest, mixed, _ = mix(stage, "surround")
    assert (mixed[:, 2] == rest[:, 2]).all()
    assert np.abs((mixed - rest)[:, [0, 1, 4, 5]]).max(axis=0).min() > 0.001


def test_second_of_two_tracks_is_in_the_truth_and_softer(stage):
    film = stage.plan.films[0]
    cue = next(cue for cue in film.cues if not cue.decoy)
    take = treatments.two_at_once(cue, stage.plan.sounds, np.random.default_rng(0))
    first, second = take.spans
    assert (first.track_id, second.track_id) == (cue.track_id, cue.partner_id)
    assert (first.layer, second.layer) == (0, 1)
    alone = treatments.TREATMENTS["control"].make(cue, stage.plan.sounds, None).music
    assert level_db(alone) - level_db(take.music - alone) == pytest.approx(3, abs=0.1)


def test_stingers_have_their_length_and_are_apart(stage):
    cue = stage.plan.films[0].cues[0]
    take = TREATMENTS["stingers_3_s"].make(cue, stage.plan.sounds, np.random.default_rng(0))
    lengths = [end - start for _, start, end, *_ in take.spans]
    assert set(lengths) == {samples(3.0)}
    gaps = [after.start - before.end for before, after in itertools.pairwise(take.spans)]
    assert all(gap >= samples(6.9) for gap in gaps)


def test_held_out_tracks_are_not_indexed(stage):
    films = list(plan.held_out(stage.plan, 4.0))
    assert len(films) == 2
    for film in films:
        assert film.cues
        assert not {cue.track_id for cue in film.cues} & set(film.indexed)
        assert film.indexed


def test_film_is_encoded_with_its_channels_and_read_from_the_cache(stage):
    (made,) = mixing.make_films("surround", stage)
    (again,) = mixing.make_films("surround", stage)
    assert made.sound == again.sound
    pd.testing.assert_frame_equal(made.truth, again.truth)
    assert made.truth.decoy.tolist() == [cue.decoy for cue in made.film.cues]


def test_commentary_is_the_first_stream(stage):
    (made,) = mixing.make_films("commentary_first", stage)
    first, second = (
        media.read_audio(media.Sound(made.sound, stream=number), 11025) for number in "12"
    )
    assert len(first) == pytest.approx(len(second), abs=2000)
    assert np.corrcoef(first[:400_000], second[:400_000])[0, 1] < 0.9


def test_pieces_without_a_gap_are_one_true_cue():
    rows = [
        ("f", "a", 10.0, 16.0, 3.0, 0, False, 1.0, 0.0, 0),
        ("f", "a", 16.0, 25.0, 50.0, 0, False, 1.0, 0.0, 0),
        ("f", "a", 40.0, 50.0, 3.0, 0, False, 1.0, 0.0, 0),
        ("f", "b", 10.0, 25.0, 3.0, 0, False, 1.0, 0.0, 1),
    ]
    merged = scores.merged(pd.DataFrame(rows, columns=mixing.TRUTH))
    assert merged[["track_id", "film_start_s", "film_end_s"]].to_numpy().tolist() == [
        ["a", 10.0, 25.0],
        ["a", 40.0, 50.0],
        ["b", 10.0, 25.0],
    ]
    assert scores.merged(pd.DataFrame(columns=mixing.TRUTH)).empty


def test_scores_count_right_and_wrong_cues():
    rows = [("f", "a", 10.0, 30.0, 0.0, 0, False, 1.04, 0.5, 0)]
    cues = cue_table("f", ("a", 10.0, 30.0, 0.0), ("b", 50.0, 60.0, 0.0))
    cues = cues.assign(tempo=[1.05, 1.0], pitch_semitones=[0.4, 0.0], confidence=[0.9, 0.6])
    truth = pd.DataFrame(rows, columns=mixing.TRUTH)
    row = scores.score_treatment([scores.Found("f", cues, truth, 1800.0, 9.0, 3.0)], 1.0)
    assert row["time_precision"] == pytest.approx(2 / 3)
    assert row["time_recall"] == row["cue_recall"] == 1
    assert (row["false_s_per_h"], row["sure_false_cues_per_h"]) == (20, 2)
    assert (row["confidence_right"], row["confidence_wrong"]) == (0.9, 0.6)
    assert row["tempo_error"] == pytest.approx(0.01 / 1.04)
    assert row["pitch_error"] == pytest.approx(0.1)
    assert (row["match_s_per_h"], row["decode_s_per_h"]) == (18, 6)


def test_sliding_fingerprints_name_track_and_position():
    rng = np.random.default_rng(0)
    album = {name: rng.integers(0, 2**32, 400, dtype=np.uint32) for name in "ab"}
    film = rng.integers(0, 2**32, 600, dtype=np.uint32)
    film[200:350] = album["b"][100:250]
    (cue,) = chromaprint.find_cues("f", film, album).itertuples()
    assert cue.track_id == "b"
    assert cue.track_start_s == pytest.approx(100 * chromaprint.STEP_S, abs=3)
    assert cue.film_start_s == pytest.approx(200 * chromaprint.STEP_S, abs=3)
    assert cue.film_end_s == pytest.approx(350 * chromaprint.STEP_S, abs=3)


@pytest.mark.parametrize("name", ["reels", "cross_fade", "tones", "old_film", "limiter", "radio"])
def test_music_fills_the_cue_and_spans_lie_in_it(stage, name):
    cue = stage.plan.films[0].cues[0]
    take = TREATMENTS[name].make(cue, stage.plan.sounds, np.random.default_rng(0))
    assert len(take.music) == samples(cue.length_s)
    assert np.isfinite(take.music).all()
    assert all(0 <= one.start < one.end <= len(take.music) for one in take.spans)
    assert max(one.end for one in take.spans) == len(take.music)
