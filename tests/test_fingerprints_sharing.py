"""Detection of recordings that share sound, by their sketches."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
import soxr

from scorelens import fingerprints, media, tables
from scorelens.corpus import GENRES, MUSIC_RATE_HZ, compose, draw_music, draw_theme, render
from scorelens.errors import InputError
from scorelens.fingerprints import Landmarks, Settings, dejavu, index
from scorelens.fingerprints.compare import compare_fingerprints, shared_films, shared_tracks
from scorelens.fingerprints.sharing import MIN_HASHES, find_shared_sound
from scorelens.fingerprints.sketches import (
    PER_SECOND,
    first_bins,
    make_sketch,
    read_sketch,
    write_sketch,
)
from tests.album_tables import write_tracks

HOP_S = Settings().hop_s
SECONDS = 24.0


def music(seed, genre=GENRES[0], theme_seed=None):
    """A composed piece, mono, at MUSIC_RATE_HZ."""
    random = np.random.default_rng(seed)
    theme = draw_theme(np.random.default_rng(seed if theme_seed is None else theme_seed))
    recipe = draw_music(genre, random)
    piece = render(compose(theme, recipe, SECONDS, random), recipe, random)
    return piece.mean(axis=1)


def encoded(sound, path, *options, rate_hz=MUSIC_RATE_HZ):
    """The sound as FFmpeg writes it."""
    wav = path.with_suffix(".source.wav")
    soundfile.write(wav, sound, rate_hz)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(wav)]
    subprocess.run([*command, *options, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def sketch_of(path):
    blocks = media.audio_blocks(path, Settings().sample_rate_hz)
    return make_sketch(fingerprints.find_landmarks(blocks, Settings()), HOP_S)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    return encoded(music(1), folder / "a.flac")


@pytest.mark.parametrize(
    ("name", "options", "offset_s"),
    [
        ("a.wav", (), 0.0),
        ("a.mp3", ("-b:a", "96k"), 0.0),
        ("a.ogg", ("-ar", "48000", "-ac", "1", "-q:a", "1"), 0.0),
        ("a.m4a", ("-ss", "2", "-b:a", "96k"), 2.0),
        ("b.mp3", ("-ss", "2.0116", "-b:a", "96k", "-af", "volume=-12dB"), 2.0116),
    ],
)
def test_copy_is_detected_with_its_offset(original, tmp_path, name, options, offset_s):
    copy = encoded(soundfile.read(original)[0], tmp_path / name, *options)
    (pair,) = find_shared_sound([sketch_of(original), sketch_of(copy)], [0, 1])
    assert (pair.first, pair.second) == (0, 1)
    assert pair.offset_s == pytest.approx(offset_s, abs=0.08)  # codecs delay by up to 50 ms
    assert pair.share > 0.8
    assert pair.shared_s > 0.8 * (SECONDS - 2 - offset_s)


def test_pieces_by_one_composer_on_one_theme_are_not_shared(monkeypatch):
    """The pieces have the same instruments, tempo, key and motif; not half the hashes agree."""
    pieces = [music(seed, genre, theme_seed=1) for seed in (1, 2, 3) for genre in GENRES[:2]]
    sketches = [landmark_sketch(piece) for piece in pieces]
    owner = np.arange(len(sketches))
    assert not list(find_shared_sound(sketches, owner))
    monkeypatch.setattr("scorelens.fingerprints.sharing.MIN_HASHES", MIN_HASHES // 2)
    monkeypatch.setattr("scorelens.fingerprints.sharing.MIN_BINS", 1)
    assert len(list(find_shared_sound(sketches, owner))) <= 1


def landmark_sketch(sound, rate_hz=MUSIC_RATE_HZ):
    samples = soxr.resample(sound.astype(np.float32), rate_hz, Settings().sample_rate_hz)
    return make_sketch(fingerprints.find_landmarks([samples], Settings()), HOP_S)


def test_silence_tones_and_faint_noise_are_not_shared():
    rate_hz = Settings().sample_rate_hz
    time_s = np.arange(round(SECONDS * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    chord = sum(0.2 * np.sin(2 * np.pi * hz * time_s) for hz in (220, 440, 660))
    faint = 1e-5 * np.random.default_rng(0).standard_normal(len(time_s))
    for sound in (np.zeros_like(time_s), tone, chord, faint):
        one = landmark_sketch(sound, rate_hz)
        assert not list(find_shared_sound([one, one], [0, 1]))


def test_passage_of_ten_seconds_is_shared_and_of_four_is_not():
    first, second, rate_hz = music(1), music(2, GENRES[1]), MUSIC_RATE_HZ
    for length_s, expected in ((10, 1), (4, 0)):
        other = second.copy()
        other[5 * rate_hz : (5 + length_s) * rate_hz] = first[: length_s * rate_hz]
        albums = {"one": {"t": landmark_sketch(first)}, "two": {"u": landmark_sketch(other)}}
        pairs = shared_tracks(albums)
        assert len(pairs) == expected
        if expected:
            assert pairs.offset_s[0] == pytest.approx(-5, abs=0.05)
            assert pairs.shared_s[0] == pytest.approx(length_s, abs=2.5)


def test_short_track_is_shared_if_most_of_it_matches():
    long, rate_hz = music(1), MUSIC_RATE_HZ
    albums = {
        "one": {"long": landmark_sketch(long)},
        "two": {"sting": landmark_sketch(long[6 * rate_hz : 12 * rate_hz])},
    }
    pairs = shared_tracks(albums)
    assert pairs[["album_id", "track_id", "other_track_id"]].to_numpy().tolist() == [
        ["one", "long", "sting"]
    ]
    assert pairs.share[0] > 0.7


def test_repeated_loop_is_shared_over_its_whole_length():
    loop = music(1)[: 4 * MUSIC_RATE_HZ]
    first, second = landmark_sketch(np.tile(loop, 30)), landmark_sketch(np.tile(loop, 25))
    (pair,) = find_shared_sound([first, second], [0, 1])
    assert pair.offset_s == pytest.approx(0, abs=0.05)
    assert pair.share > 0.95
    assert pair.shared_s == pytest.approx(100, abs=4)


def test_tracks_of_one_album_are_not_compared():
    one = landmark_sketch(music(1))
    assert not list(find_shared_sound([one, one], [0, 0]))
    assert len(list(find_shared_sound([one, one, one], [0, 0, 1]))) == 2


def test_films_share_sound_if_cuts_of_one_film_but_not_by_a_fanfare():
    random = np.random.default_rng(0)
    fanfare, rate_hz = music(1)[: 4 * MUSIC_RATE_HZ], MUSIC_RATE_HZ
    films = [np.concatenate([fanfare, *(music(seed) for seed in seeds)]) for seeds in FILMS]
    films[2] = np.concatenate([films[0][: 20 * rate_hz], films[0][30 * rate_hz :]])
    films = [film + 0.001 * random.standard_normal(len(film)) for film in films]
    sketches = {f"film_{k}": landmark_sketch(film) for k, film in enumerate(films)}
    pairs = shared_films(sketches)
    assert pairs[["film_id", "other_film_id"]].to_numpy().tolist() == [["film_0", "film_2"]]
    assert pairs.share[0] > 0.9


FILMS = [(2, 3, 4, 5), (6, 7, 8, 9), (2, 3, 4, 5)]


def test_sketch_has_bounded_number_of_unique_hashes_per_second(tmp_path):
    sketch = landmark_sketch(music(1))
    number = np.bincount(sketch.seconds)
    assert number.max() == PER_SECOND
    assert (number[1:-2] == PER_SECOND).mean() > 0.9
    pairs = np.stack([sketch.seconds.astype(np.uint64), sketch.hashes])
    assert len(np.unique(pairs, axis=1).T) == len(sketch.hashes)
    write_sketch(tmp_path / "film.npz", sketch)
    read = read_sketch(tmp_path / "film.npz")
    assert read.hop_s == HOP_S
    np.testing.assert_array_equal(read.hashes, sketch.hashes)
    np.testing.assert_array_equal(read.frames, sketch.frames)
    (tmp_path / "film.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"film.npz: cannot be read .*\n.*a sketch"):
        read_sketch(tmp_path / "film.npz")


def test_first_bins_returns_bin_of_first_landmark():
    landmarks = Landmarks.of_bins(
        np.array([0, 5, 9], np.int32), np.array([800, 810, 790], np.uint16)
    )
    assert first_bins(make_sketch(landmarks, HOP_S).hashes).tolist() == [800]


@pytest.mark.parametrize("method", ["diagonal", "dejavu"])
def test_compare_fingerprints_writes_shared_tracks_and_films(original, tmp_path, method):
    copy = encoded(soundfile.read(original)[0], tmp_path / "copy.mp3", "-b:a", "96k")
    other = encoded(music(7, GENRES[3]), tmp_path / "other.flac")
    indexes = {}
    for album, paths in {"one": [original], "two": [other, copy]}.items():
        rows = [("x", f"t{k}", path, SECONDS, MUSIC_RATE_HZ) for k, path in enumerate(paths)]
        table = write_tracks(rows, tmp_path / f"{album}.tsv", tables.ALBUM_TRACKS)
        indexes[album] = tmp_path / f"{album}.npz"
        if method == "dejavu":
            dejavu.index_album(album, table, indexes[album])
        else:
            index.index_album(album, table, indexes[album], {})
    films = {f"film_{k}": tmp_path / f"film_{k}.npz" for k in range(2)}
    for path in films.values():
        write_sketch(path, sketch_of(original))
    outputs = {name: tmp_path / f"shared_{name}.tsv" for name in ("tracks", "films")}
    compare_fingerprints(method, indexes, films, outputs)
    tracks = tables.read_table(outputs["tracks"], tables.SHARED_TRACKS)
    assert tracks.iloc[:, :4].to_numpy().tolist() == [["one", "t0", "two", "t1"]]
    shared = tables.read_table(outputs["films"], tables.SHARED_FILMS)
    assert shared.iloc[:, :2].to_numpy().tolist() == [["film_0", "film_1"]]
    assert shared.share[0] == 1
