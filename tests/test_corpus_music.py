"""The plan of the demo corpus, its recipes, its music, its speech and effects."""

import collections
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens.corpus.synthesis import composer, demo_plan, instruments, recipes, sounds

STUDY_SHARES = {
    "Action": 55 / 110,
    "Comedy": 37 / 110,
    "Drama": 44 / 110,
    "Horror": 11 / 110,
    "Romance": 13 / 110,
    "Science Fiction": 36 / 110,
}


# --- the plan


def test_demo_genre_shares_are_those_of_the_study():
    counts = collections.Counter(g for film in demo_plan.demo_films(18, 1) for g in film.genres)
    assert set(counts) == set(demo_plan.GENRES)
    assert min(counts.values()) >= 3
    for genre, share in STUDY_SHARES.items():
        assert abs(counts[genre] / 18 - share) < 0.13, genre


def test_first_six_films_cover_all_genres():
    assert {g for film in demo_plan.demo_films(6, 5) for g in film.genres} == set(demo_plan.GENRES)


@given(st.integers(1, 60), st.integers(0, 1000))
@settings(max_examples=25)
def test_adding_a_film_does_not_change_the_others(count, seed):
    assert demo_plan.demo_films(count + 1, seed)[:count] == demo_plan.demo_films(count, seed)


def test_film_ids_are_unique_slugs_even_if_titles_repeat():
    ids = [film.film_id for film in demo_plan.demo_films(700, 3)]
    assert len(set(ids)) == 700
    assert all(re.fullmatch(r"[a-z0-9_]+", film_id) for film_id in ids)


def test_demo_films_of_two_seeds_differ():
    one, other = demo_plan.demo_films(6, 1), demo_plan.demo_films(6, 2)
    assert not {film.seed for film in one} & {film.seed for film in other}
    assert [film.title for film in one] != [film.title for film in other]


def test_demo_plan_imports_no_heavy_packages():
    heavy = "{'numpy', 'pandas', 'av'}"
    code = f"import sys, scorelens.corpus.synthesis.demo_plan; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- recipes


def test_picture_recipes_have_the_genre_order_of_the_study():
    picture = recipes.PICTURE
    order = {
        name: sorted(picture, key=lambda g: getattr(picture[g], name))
        for name in ("luma", "contrast")
    }
    assert order["luma"][0] == order["contrast"][0] == "Horror"
    assert order["luma"][-1] == order["contrast"][-1] == "Comedy"
    assert order["luma"].index("Drama") == order["contrast"].index("Drama") == 1


@pytest.mark.parametrize("genre", demo_plan.GENRES)
def test_drawn_recipes_are_in_range_and_vary(genre):
    rng = np.random.default_rng(0)
    drawn = np.array([list(vars(recipes.draw_music(genre, rng)).values()) for _ in range(50)])
    assert (drawn >= list(vars(recipes.MUSIC_LOW).values())).all()
    assert (drawn <= list(vars(recipes.MUSIC_HIGH).values())).all()
    assert (drawn[:, 2:].std(axis=0) > 0).all()


# --- music


def make_recipe(**changes):
    values = {
        "minor": 0, "lydian": 0, "tempo": 120, "register": 69, "roll_off": 1.5,
        "attack": 0.01, "vibrato": 0, "legato": 1, "noise": 0, "dissonance": 0, "pulse": 0.5,
        "drums": 0, "swell": 0,
    }  # fmt: skip
    return recipes.MusicRecipe(**values | changes)


SCALES = {"major": composer.MAJOR, "minor": composer.MINOR, "lydian": composer.LYDIAN}


@pytest.mark.parametrize("mode", SCALES)
def test_without_dissonance_every_note_is_in_the_key(mode):
    rng = np.random.default_rng(1)
    theme = composer.draw_theme(rng)
    recipe = make_recipe(minor=mode == "minor", lydian=mode == "lydian")
    score = composer.compose(theme, recipe, 30, rng)
    pitches = {note.pitch for notes in score.parts.values() for note in notes}
    assert {(pitch - theme.tonic) % 12 for pitch in pitches} <= set(SCALES[mode])
    assert not score.drums


@given(st.sampled_from(demo_plan.GENRES), st.integers(0, 10_000))
@settings(max_examples=30)
def test_scores_have_the_requested_length_and_start_on_the_tonic(genre, seed):
    rng = np.random.default_rng(seed)
    theme, recipe = composer.draw_theme(rng), recipes.draw_music(genre, rng)
    score = composer.compose(theme, recipe, 35, rng)
    assert 35 * 0.85 - 240 / recipe.tempo < score.length_s < 35 * 1.15 + 240 / recipe.tempo + 1.5
    assert score.parts["bass"][0].pitch % 12 == theme.tonic
    onsets = [note.onset_s for notes in score.parts.values() for note in notes]
    assert min(onsets) >= 0 and max(onsets) < score.length_s


def test_score_has_the_tempo_of_the_recipe():
    score = composer.compose(
        composer.draw_theme(np.random.default_rng(2)),
        make_recipe(tempo=100, pulse=1.0),
        60,
        np.random.default_rng(3),
    )
    onsets = [note.onset_s for note in score.parts["bass"]]
    assert np.median(np.diff(onsets)) == pytest.approx(0.3, abs=0.015)  # quavers at 100 a minute
    assert np.ptp(onsets) / (len(onsets) - 1) == pytest.approx(0.3, rel=0.01)


def test_dissonance_adds_a_cluster_every_two_seconds():
    rng = np.random.default_rng(4)
    theme = composer.draw_theme(rng)
    calm = composer.compose(theme, make_recipe(dissonance=0), 30, rng)
    harsh = composer.compose(theme, make_recipe(dissonance=1), 30, rng)
    assert calm.parts["cluster"] == []
    assert len(harsh.parts["cluster"]) == round(30 / 2)


def test_harmonics_of_a_tone_follow_the_roll_off():
    tone = instruments.tone(
        57, instruments.MUSIC_RATE_HZ, make_recipe(), roll_off=1.5, attack_s=0.004
    )
    steady = tone[2000 : 2000 + instruments.MUSIC_RATE_HZ // 2]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    result = spectrum[[110, 220, 330, 440]]  # harmonics of 220 Hz in bins of 2 Hz
    np.testing.assert_allclose(result / result[0], np.array([1, 2, 3, 4]) ** -1.5, rtol=0.01)
    assert np.sqrt(2 * np.mean(steady**2)) == pytest.approx(1, rel=0.01)


def test_vibrato_has_the_requested_depth_in_cents():
    tone = instruments.tone(
        81, instruments.MUSIC_RATE_HZ, make_recipe(vibrato=50), roll_off=6, attack_s=0.004
    )
    crossings = np.flatnonzero((tone[:-1] < 0) & (tone[1:] >= 0))[20:-20]
    exact = crossings - tone[crossings] / (tone[crossings + 1] - tone[crossings])
    hz = instruments.MUSIC_RATE_HZ / np.convolve(np.diff(exact), np.ones(8) / 8, "valid")
    assert 1200 * np.log2(hz.max() / 880) == pytest.approx(50, abs=6)
    assert 1200 * np.log2(hz.min() / 880) == pytest.approx(-50, abs=6)


def played(genre, seed):
    rng = np.random.default_rng(seed)
    theme, recipe = composer.draw_theme(rng), recipes.draw_music(genre, rng)
    return instruments.render(composer.compose(theme, recipe, 12, rng), recipe, rng)


def test_music_is_stereo_has_peak_level_and_ends_in_silence():
    music = played("Drama", 5)
    assert music.dtype == np.float32 and music.shape[1] == 2
    assert np.abs(music).max() == pytest.approx(instruments.PEAK, rel=1e-6)
    assert np.abs(music[-100:]).max() < 0.001 < np.abs(music[:, 0] - music[:, 1]).max()


def zero_crossings(music):
    return np.mean(np.diff(np.sign(music.mean(axis=1))) != 0)


def test_science_fiction_music_is_brighter_than_drama_music():
    bright = np.median([zero_crossings(played("Science Fiction", seed)) for seed in range(5)])
    dark = np.median([zero_crossings(played("Drama", seed)) for seed in range(5)])
    assert bright > 1.5 * dark


# --- speech and effects


def test_babble_has_speech_band_energy_and_syllables():
    rng = np.random.default_rng(6)
    speech = np.concatenate([sounds.babble(rng, 16000) for _ in range(8)])
    power = np.abs(np.fft.rfft(speech)) ** 2
    hz = np.fft.rfftfreq(len(speech), 1 / 16000)
    assert power[(hz > 80) & (hz < 4200)].sum() > 0.8 * power.sum()
    loudness = np.sqrt(np.mean(speech[: len(speech) // 400 * 400].reshape(-1, 400) ** 2, axis=1))
    assert np.quantile(loudness, 0.9) > 4 * np.quantile(loudness, 0.1)  # syllables


@pytest.mark.parametrize("make", [sounds.babble, sounds.effect])
def test_clips_have_peak_one_and_the_requested_rate(make):
    for seed in range(8):
        low, high = (make(np.random.default_rng(seed), rate) for rate in (16000, 48000))
        assert len(high) == pytest.approx(3 * len(low), abs=3)
        assert np.abs(high).max() == pytest.approx(1)
        assert 0.3 < len(low) / 16000 < 5 and np.isfinite(low).all()
