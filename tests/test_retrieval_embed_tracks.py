"""Fragments of tracks: start times, embeddings, and reuse of unchanged embeddings."""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.encoders import audio_encoder
from scorelens.encoders.audio import musicnn
from scorelens.encoders.registry import ENCODERS
from scorelens.errors import InputError, MediaError
from scorelens.features import embed, table
from scorelens.retrieval import FRAGMENT_S, RATE_HZ
from scorelens.retrieval.embed import embed_tracks, fragment_io, fragments
from scorelens.retrieval.embed.embed_tracks import EncodingSettings
from tests.album_tables import make_tracks, write_tracks
from tests.noise_tracks import LOG_MEL, noise, write_wav


@pytest.fixture
def encoded_s(monkeypatch, tmp_path):
    """Stub encoder that returns the sample at each time; the list has the lengths it received."""
    received_s = []

    def sample_at(blocks, moments_s):
        samples = np.concatenate(list(blocks))
        received_s.append(len(samples) / musicnn.SAMPLE_RATE_HZ)
        rows = np.round(moments_s * musicnn.SAMPLE_RATE_HZ).astype(int)
        assert rows.max() <= len(samples)
        values = samples[np.minimum(rows, len(samples) - 1)]
        values[values == 0] = np.nan
        return np.repeat(values[:, None], 200, axis=1)

    encoder = SimpleNamespace(sample_rate_hz=musicnn.SAMPLE_RATE_HZ, encode_at=sample_at)
    monkeypatch.setattr(audio_encoder, "load", lambda name, path, threads: encoder)
    (tmp_path / "net.safetensors").write_bytes(b"variables")
    return received_s


@pytest.fixture
def encoding(tmp_path, encoded_s):
    return EncodingSettings("musicnn", 3, tmp_path / "net.safetensors", "c0de")


def ramp(seconds, rate_hz=musicnn.SAMPLE_RATE_HZ):
    """Audio whose sample at t s is (t + 1) / 100."""
    return (np.arange(round(seconds * rate_hz)) / rate_hz + 1) / 100


@given(st.floats(0.05, 8000), st.integers(1, 20))
def test_fragments_are_evenly_spaced_over_a_track(length_s, max_fragments):
    starts_s = fragments.fragment_starts(length_s, max_fragments)
    assert 1 <= len(starts_s) <= max_fragments
    assert starts_s[0] == 0
    if len(starts_s) > 1:
        assert starts_s[-1] + FRAGMENT_S == pytest.approx(length_s)
        assert np.diff(starts_s) == pytest.approx(np.diff(starts_s).mean())
    if len(starts_s) < max_fragments:  # they cover the whole track
        assert len(starts_s) == max(1, np.ceil(length_s / FRAGMENT_S))
        assert np.diff(starts_s).max(initial=0) <= FRAGMENT_S * (1 + 1e-9)


@pytest.mark.parametrize(
    ("length_s", "expected"),
    [(3, [0]), (FRAGMENT_S, [0]), (12, [0, 2.08]), (100, [0, 45.04, 90.08])],
)
def test_fragment_starts_of_given_lengths(length_s, expected):
    assert fragments.fragment_starts(length_s, 3) == pytest.approx(expected)


def test_fragment_embedding_is_the_mean_of_its_seconds(tmp_path, encoding):
    """40 s: fragments at 0, 15.04 and 30.08 s, whose seconds are 0-9, 15-24 and 30-39."""
    path = write_wav(tmp_path / "a.wav", ramp(40), musicnn.SAMPLE_RATE_HZ)
    result = fragments.encode_track(path, 3, encoding.load_encoder())
    assert result.start_s == pytest.approx([0, 15.04, 30.08])
    assert result.values.shape == (3, 200)
    assert result.values.dtype == np.float32
    assert result.values[:, 199] == pytest.approx([0.06, 0.21, 0.36], abs=1e-4)


def test_encoder_receives_only_the_fragments_and_their_patches(tmp_path, encoding, encoded_s):
    path = write_wav(tmp_path / "a.wav", ramp(120), musicnn.SAMPLE_RATE_HZ)
    fragments.encode_track(path, 3, encoding.load_encoder())
    assert len(encoded_s) == 3
    assert max(encoded_s) < FRAGMENT_S + 2 * fragments.PATCH_S


@pytest.mark.parametrize(
    ("seconds", "middle_s"), [(0.06, 0.06), (0.4, 0.4), (2.0, 1.0), (9.2, 4.5)]
)
def test_track_shorter_than_a_fragment_is_embedded_whole(
    tmp_path, encoding, encoded_s, seconds, middle_s
):
    """Seconds count if their midpoint is in the track; the first second always counts."""
    path = write_wav(tmp_path / "a.wav", ramp(seconds), musicnn.SAMPLE_RATE_HZ)
    result = fragments.encode_track(path, 3, encoding.load_encoder())
    assert result.start_s.tolist() == [0]
    assert encoded_s == [pytest.approx(seconds, abs=1e-3)]
    assert result.values[0, 0] == pytest.approx((middle_s + 1) / 100, abs=1e-5)


def test_fragments_of_seconds_are_means_of_non_missing_seconds():
    values = np.repeat(np.arange(40, dtype=np.float32)[:, None], 200, axis=1)
    result = fragments.fragments_of_seconds(values, 3)
    assert result.start_s == pytest.approx([0, 15.04, 30.08], abs=1e-4)
    assert result.values[:, 0] == pytest.approx([4.5, 19.5, 34.5])
    values[15:25] = np.nan
    values[30:35] = np.nan
    result = fragments.fragments_of_seconds(values, 3)
    assert result.start_s == pytest.approx([0, 30.08], abs=1e-4)
    assert result.values[:, 199] == pytest.approx([4.5, 37])
    assert len(fragments.fragments_of_seconds(values[:0], 3).values) == 0


class Film(NamedTuple):
    """A film; `tracks` has the paths by track id."""

    film_id: str
    tracks: dict
    features: object = None


def embed_films(films, outputs, encoding):
    """Call `embed_tracks.embed_films` with track tables like those of the corpus check."""
    albums = []
    for film_id, tracks, features in films:
        lengths = [
            soundfile.info(p).duration if p.suffix == ".wav" and p.exists() else 1.0
            for p in tracks.values()
        ]
        rows = [
            (film_id, t, p, s, RATE_HZ) for (t, p), s in zip(tracks.items(), lengths, strict=True)
        ]
        albums.append(embed_tracks.Album(film_id, make_tracks(rows), features))
    embed_tracks.embed_films(albums, outputs, encoding, outputs[0].parent / "tracks.tsv")


def write_album(folder, **tracks):
    return {name: write_wav(folder / f"{name}.wav", samples) for name, samples in tracks.items()}


def test_log_mel_fragments_are_written_to_npz_and_read_back(tmp_path, caplog):
    caplog.set_level("INFO", "scorelens.retrieval.embed.embed_tracks")
    tracks = write_album(tmp_path / "x", b=noise(25), a=noise(5, 1), c=np.zeros(9000))
    films = [Film("x", tracks), Film("y", {"c": tracks["c"]})]
    outputs = [tmp_path / "x.npz", tmp_path / "y.npz"]
    embed_films(films, outputs, LOG_MEL)
    fragments_read, empty = map(fragment_io.read_fragments, outputs)
    assert fragments_read.track_ids == ["a", "b"]
    assert fragments_read.track.tolist() == [0, 1, 1, 1]
    assert fragments_read.start_s == pytest.approx([0, 0, 7.54, 15.08], abs=1e-4)
    expected = fragments.encode_track(tracks["b"], 3, LOG_MEL.load_encoder()).values
    assert np.array_equal(fragments_read.values[1:], expected)
    assert empty.track_ids == []
    assert empty.values.shape == (0, 128, 426)
    assert empty.values.dtype == np.float16
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    silent = "c is silent, and left out"
    assert warnings == [f"x: {silent}", f"y: {silent}", "y: all tracks are silent"]
    assert "x: 2 tracks, 4 fragments" in caplog.messages


def test_fragment_embeddings_are_written_to_parquet_and_read_back(tmp_path, encoding):
    path = write_wav(tmp_path / "b.wav", ramp(40), musicnn.SAMPLE_RATE_HZ)
    silent = write_wav(tmp_path / "a.wav", np.zeros(99_999), musicnn.SAMPLE_RATE_HZ)
    outputs = [tmp_path / "x.parquet", tmp_path / "y.parquet"]
    films = [Film("x", {"b": path, "a": silent, "c": path}), Film("y", {"a": silent})]
    embed_films(films, outputs, encoding)
    fragments_read, empty = map(fragment_io.read_fragments, outputs)
    expected = fragments.encode_track(path, 3, encoding.load_encoder())
    assert fragments_read.track_ids == ["b", "c"]
    assert fragments_read.track.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(fragments_read.values, np.tile(expected.values, (2, 1)))
    assert fragments_read.values.dtype == np.float32
    assert np.array_equal(fragments_read.start_s, np.tile(expected.start_s, 2))
    frame = tables.read_table(outputs[0], tables.RETRIEVAL_FRAGMENTS)
    assert tuple(frame.columns) == (
        "track_id",
        "start_s",
        "level_db",
        *ENCODERS["musicnn"].feature_names,
    )
    assert empty.track_ids == []
    assert empty.values.shape == (0, 200)


def test_unchanged_embeddings_are_reused(tmp_path, encoding, encoded_s, monkeypatch):
    tracks = [write_album(tmp_path / film, t=noise(5, seed)) for seed, film in enumerate("xyz")]
    films = [Film(film, album_tracks) for film, album_tracks in zip("xyz", tracks, strict=True)]
    outputs = [tmp_path / f"{film.film_id}.parquet" for film in films]

    def count_encoded(films=films, encoding=encoding):
        before = len(encoded_s)
        embed_films(films, outputs[: len(films)], encoding)
        return len(encoded_s) - before

    assert count_encoded(films[:2]) == 2
    assert count_encoded() == 1  # one film added
    write_wav(tracks[0]["t"], noise(5, 9))
    assert count_encoded() == 1  # one track changed
    load = audio_encoder.load
    monkeypatch.setattr(audio_encoder, "load", None)  # raises if called
    assert count_encoded() == 0
    monkeypatch.setattr(audio_encoder, "load", load)
    assert count_encoded(encoding=encoding._replace(max_fragments=2)) == 3
    assert count_encoded(encoding=encoding._replace(max_fragments=2, code="other")) == 3
    encoding.weights.write_bytes(b"other variables")
    assert count_encoded(encoding=encoding._replace(max_fragments=2, code="other")) == 3
    assert count_encoded(encoding=encoding._replace(max_fragments=2, code="other", threads=2)) == 0


def test_unchanged_log_mel_is_reused(tmp_path, monkeypatch):
    films = [Film("x", write_album(tmp_path, t=noise(5)))]
    output = tmp_path / "x.npz"
    embed_films(films, [output], LOG_MEL)
    first = output.stat().st_ino, output.read_bytes()
    embed_films(films, [output], LOG_MEL)
    assert (output.stat().st_ino, output.read_bytes()) == first
    embed_films(films, [output], LOG_MEL._replace(code="other"))
    assert output.stat().st_ino != first[0]


def seconds_table(path, **tracks):
    """Write features of the set musicnn_tracks; all columns of a second have one value."""
    parts = [
        pd.DataFrame(
            np.repeat(np.array(values, np.float32)[:, None], 200, axis=1),
            columns=ENCODERS["musicnn"].feature_names,
        ).assign(film_id="x", cue_id=track, time_s=np.arange(len(values), dtype=float))
        for track, values in tracks.items()
    ]
    tables.write_table(pd.concat(parts), path, tables.FEATURES)
    return path


def test_features_of_whole_tracks_are_used_without_the_network(tmp_path, caplog):
    """There are no variables of a network; a changed feature table is read again."""
    path = seconds_table(tmp_path / "f.parquet", b=[4.0] * 5, a=[2.0] * 12, c=[np.nan] * 9)
    film = Film("x", write_album(tmp_path, **dict.fromkeys("abcd", 0.1 * np.ones(192_000))), path)
    output, encoding = tmp_path / "x.parquet", EncodingSettings("musicnn", 3, None, "c0de")
    embed_films([film], [output], encoding)
    fragments_read = fragment_io.read_fragments(output)
    assert fragments_read.track_ids == ["a", "b"]
    assert fragments_read.track.tolist() == [0, 0, 1]
    assert fragments_read.values[:, 7].tolist() == [2, 2, 4]
    assert fragments_read.level_db == pytest.approx([-20] * 3, abs=0.1)
    assert caplog.messages == [f"x: {track} is silent, and left out" for track in "cd"]
    before = output.stat().st_ino
    embed_films([film], [output], encoding)
    assert output.stat().st_ino == before
    seconds_table(path, b=[5.0] * 5)
    embed_films([film], [output], encoding)
    assert fragment_io.read_fragments(output).values[:, 7].tolist() == [5]


def test_undecodable_track_raises_media_error_without_output(tmp_path):
    (tmp_path / "t.ogg").write_text("no sound")
    with pytest.raises(MediaError, match=r"t\.ogg: cannot be read as media"):
        embed_films([Film("x", {"t": tmp_path / "t.ogg"})], [tmp_path / "x.npz"], LOG_MEL)
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_library_part_has_readable_files_by_name_in_order(tmp_path, kind, caplog, encoding):
    settings = LOG_MEL if kind == "npz" else encoding
    folder = tmp_path / "music"
    files = ["Zoë/1 é.wav", "broken.ogg", "Zoë/silent.wav", "a.wav", "gone.wav"]
    write_wav(folder / files[0], ramp(30))
    (folder / files[1]).write_text("no sound")
    write_wav(folder / files[2], np.zeros(9000))
    write_wav(folder / files[3], ramp(5))
    output = tmp_path / f"part.{kind}"
    embed_tracks.embed_library_part(folder, files, output, settings, tmp_path / "part.tsv")
    fragments_read = fragment_io.read_fragments(output)
    assert fragments_read.track_ids == [files[0], files[3]]
    assert fragments_read.track.tolist() == [0, 0, 0, 1]
    messages = caplog.messages
    assert messages[0].startswith("broken.ogg cannot be searched: it cannot be read as media (")
    assert messages[1] == "gone.wav cannot be searched: it does not exist"
    assert messages[2] == f"{folder}: Zoë/silent.wav is silent, and left out"
    assert len(messages) == 3
    listed = tables.read_table(tmp_path / "part.tsv", tables.RETRIEVAL_LIBRARY)
    assert listed["path"].tolist() == files
    assert listed["title"].tolist() == [""] * 5


def test_damaged_fragment_file_raises_input_error(tmp_path):
    path = tmp_path / "x.npz"
    embed_films([Film("x", write_album(tmp_path, t=noise(5)))], [path], LOG_MEL)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError) as error:
        fragment_io.read_fragments(path)
    lines = str(error.value).splitlines()
    assert lines[0].startswith(f"{path}: cannot be read (")
    assert lines[1] == "  expected: fragments of tracks"


@pytest.mark.slow
def test_fragments_from_decoding_and_from_track_features_agree(tmp_path, fetched):
    """MusiCNN embeds 25 s and 3 s of chords; the patches must start at the same times."""
    torch.set_num_threads(1)
    weights = fetched("musicnn")
    tracks = {
        "a": write_wav(tmp_path / "a.wav", chords(25)),
        "b": write_wav(tmp_path / "b.wav", chords(3)),
    }
    rows = [("x", "a", tracks["a"], 25.0, RATE_HZ), ("x", "b", tracks["b"], 3.0, RATE_HZ)]
    write_tracks(rows, tmp_path / "tracks.tsv")
    film = table.film_sound("musicnn_tracks", "x", "album", None, tmp_path / "tracks.tsv", None)
    features = tmp_path / "features.parquet"
    embed.embed_films("musicnn_tracks", weights, [film], [features], "c0de")
    outputs = [tmp_path / "decoded.parquet", tmp_path / "taken.parquet"]
    films = [Film("x", tracks), Film("x", tracks, features)]
    embed_films(films, outputs, EncodingSettings("musicnn", 3, weights, "c0de"))
    decoded, from_features = map(fragment_io.read_fragments, outputs)
    assert decoded.track_ids == from_features.track_ids == ["a", "b"]
    assert decoded.start_s == pytest.approx(from_features.start_s, abs=1e-4)
    # The cut leaves half a frame of the first and the last patch silent.
    assert np.abs(decoded.values - from_features.values).max() < 0.05 * from_features.values.std()


def chords(seconds):
    """Chords of three sines that change every 2 s."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    root_hz = 110 * 2 ** (5 * np.floor(time_s / 2) % 12 / 12)
    phase = 2 * np.pi * np.cumsum(root_hz) / RATE_HZ
    return 0.2 * (np.sin(phase) + np.sin(1.26 * phase) + np.sin(1.5 * phase))
