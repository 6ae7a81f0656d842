"""Mel filter banks, patch embeddings of edge cases, and embedding tables of several films."""

import dataclasses
import logging
import os
import sys
from functools import partial
from types import SimpleNamespace

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from scorelens import media, tables
from scorelens.encoders import audio_encoder, mel
from scorelens.encoders.audio import vggish
from scorelens.encoders.audio_encoder import AudioEncoder
from scorelens.encoders.registry import AUDIO_ENCODERS, ENCODERS
from scorelens.features import embed, table
from tests.album_tables import write_tracks

RATE_HZ = 16_000


def mean_embedding(spectrogram, starts, layers):
    """Stub of `embed_patches`: the mean of a patch over frames and bands, times a weight."""
    patches = [spectrogram[start : start + vggish.PATCH].mean() for start in starts]
    return torch.stack(patches)[:, None] * layers["weight"]


# A stub encoder: VGGish's log-mel front end, and the patch mean as its only output.
PROBE = SimpleNamespace(
    **{
        name: getattr(vggish, name)
        for name in ("SAMPLE_RATE_HZ", "HOP", "PATCH", "MIN_SAMPLES", "CENTRE_S")
    },
    BATCH_SIZE=2,
    log_mel=vggish.log_mel,
    patch_starts=vggish.patch_starts,
    build_layers=lambda variables, device: {
        "weight": torch.from_numpy(variables["weight"]).to(device)
    },
    embed_patches=mean_embedding,
)
PROBE_SPEC = dataclasses.replace(
    ENCODERS["vggish"], name="probe", embedding_size=1, module="probe", files=()
)
CPU = torch.device("cpu")


def register_probe(monkeypatch):
    """Add the stub encoder to the registry."""
    monkeypatch.setitem(ENCODERS, "probe", PROBE_SPEC)
    monkeypatch.setitem(sys.modules, "scorelens.encoders.audio.probe", PROBE)


@pytest.fixture(autouse=True)
def probe(monkeypatch):
    register_probe(monkeypatch)


def noise(seconds, amplitude=0.1, seed=0):
    samples = np.random.default_rng(seed).normal(0, amplitude, round(seconds * RATE_HZ))
    return samples.astype(np.float32)


def encoder(weight=1.0):
    return AudioEncoder("probe", PROBE, {"weight": torch.full((1,), weight)}, CPU)


def encode_patches(samples):
    return encoder().encode_patches(samples)


def encode_at(samples, moments_s):
    return encoder().encode_at([samples], np.asarray(moments_s, float))[:, 0]


def test_slaney_bands_equal_librosa():
    expected = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96).T
    assert mel.slaney_bands(16_000, 512, 96) == pytest.approx(expected, abs=1e-7)


@pytest.mark.slow
def test_htk_bands_equal_tensorflow():
    import tensorflow as tf

    expected = tf.signal.linear_to_mel_weight_matrix(64, 257, 16_000, 125.0, 7500.0).numpy()
    assert mel.htk_bands(16_000, 512, 64, 125.0, 7500.0) == pytest.approx(expected, abs=1e-5)


def test_log_mel_in_batches_equals_a_single_pass(monkeypatch):
    whole = vggish.log_mel(noise(2))
    monkeypatch.setattr(mel, "BATCH_FRAMES", 7)
    assert vggish.log_mel(noise(2)) == pytest.approx(whole, abs=1e-5)


def test_patch_times_are_patch_centres():
    series = encode_patches(noise(5))
    assert series.times_s == pytest.approx(0.48 + 0.96 * np.arange(5))
    patch_means = [vggish.log_mel(noise(5))[96 * k : 96 * (k + 1)].mean() for k in range(5)]
    assert series.values[:, 0] == pytest.approx(patch_means, abs=1e-5)


def test_encode_at_interpolates_between_patches_and_extends_edge_values():
    samples = noise(5) * np.linspace(0.1, 1, 5 * RATE_HZ, dtype=np.float32)
    series = encode_patches(samples)
    moments_s = np.array([0.0, 0.48, 1.0, 2.5, 4.5, 5.0, 5.5])
    expected = np.interp(moments_s, series.times_s, series.values[:, 0])
    expected[-1] = np.nan  # after the end of the audio
    assert encode_at(samples, moments_s) == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_audio_shorter_than_a_patch_is_repeated():
    short = noise(0.3)
    repeated = np.resize(short, vggish.MIN_SAMPLES)
    assert encode_patches(short).times_s.tolist() == [0.48]
    assert encode_patches(short).values == pytest.approx(encode_patches(repeated).values)
    assert np.isfinite(encode_at(short, [0.1])).all()


@pytest.mark.parametrize("seconds", [0, 0.001, 0.049])
def test_audio_shorter_than_50_ms_has_no_embedding(seconds):
    assert len(encode_patches(noise(seconds)).times_s) == 0
    assert np.isnan(encode_at(noise(seconds), [0.0, 1.0])).all()


@pytest.mark.parametrize("amplitude", [0, 2e-5])
def test_silence_has_no_embedding(amplitude):
    assert np.isnan(encode_at(noise(3, amplitude), [0.5, 1.5])).all()


def test_silent_and_nonfinite_patches_are_nan_and_others_unchanged():
    samples = noise(6)
    samples[: round(0.98 * RATE_HZ)] = 0
    samples[round(2.4 * RATE_HZ)] = np.nan
    samples[round(4.4 * RATE_HZ)] = np.inf
    values = encode_patches(samples).values[:, 0]
    assert np.isnan(values).tolist() == [True, False, True, False, True, False]
    clean = encode_patches(noise(6)).values[:, 0]
    assert values[[3, 5]] == pytest.approx(clean[[3, 5]], abs=1e-5)
    assert np.isfinite(encode_at(samples, [0.5, 1.5, 2.5, 3.5])[1:]).all()


def test_only_the_patch_with_a_click_has_an_embedding():
    samples = np.zeros(3 * RATE_HZ, np.float32)
    samples[RATE_HZ // 2] = 1
    assert np.isnan(encode_patches(samples).values[:, 0]).tolist() == [False, True, True]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.floats(0.05, 7), seed=st.integers(0, 3))
def test_embeddings_are_finite_within_the_audio_and_nan_after_it(seconds, seed):
    samples = noise(seconds, seed=seed)
    inside = np.arange(0, len(samples) / RATE_HZ, 0.5)
    assert np.isfinite(encode_at(samples, inside)).all()
    assert np.isnan(encode_at(samples, [seconds + 0.1])).all()


@pytest.mark.parametrize("name", AUDIO_ENCODERS)
def test_embedding_columns_have_names_and_definitions(name):
    network, size = audio_encoder.network_module(name), ENCODERS[name].embedding_size
    assert ENCODERS[name].input_size == network.SAMPLE_RATE_HZ
    width = len(str(size - 1))
    columns = embed.embedding_columns(name)
    names = [f"{name}.embedding_{index:0{width}}" for index in range(size)]
    assert [column.name for column in columns] == names == list(ENCODERS[name].feature_names)
    for index, column in enumerate(columns):
        assert column.definition.startswith(f"value {index} of")
        assert column.hop_s == pytest.approx(network.PATCH_HOP * network.HOP / 16_000)
        assert column.source


@pytest.fixture
def corpus(tmp_path):
    """Two tracks of noise, a factory of films with one cue, and `embed_films` on these films."""
    save_file({"weight": np.full(1, 2, np.float32)}, tmp_path / "probe.safetensors")
    for seed, name in enumerate(("one", "two")):
        soundfile.write(tmp_path / f"{name}.wav", noise(30, seed=seed), RATE_HZ, subtype="FLOAT")

    def film(film_id, track, start_s=2.0):
        path = str(tmp_path / f"{track}.wav")
        write_tracks([[film_id, track, path, 30.0, RATE_HZ]], tmp_path / f"{film_id}.tsv")
        cue = {"film_id": film_id, "cue_id": "c0", "track_id": track, "film_start_s": 4.0}
        cue |= {"film_end_s": 14.0, "track_start_s": start_s, "equal_starts_s": ()}
        cue |= {"shared_tracks": (), "speed": 1.0, "tempo": 1.0, "pitch_semitones": 0.0}
        cue |= {"score": 10.0, "confidence": 0.9, "verdict": ""}
        frame = pd.DataFrame([cue])
        tables.write_table(frame, tmp_path / f"{film_id}_cues.parquet", tables.CUES)
        cues = tmp_path / f"{film_id}_cues.parquet"
        return table.FilmSound(film_id, "album", cues, tmp_path / f"{film_id}.tsv", path)

    return SimpleNamespace(folder=tmp_path, film=film, embed=partial(embed_and_read, tmp_path))


def embed_and_read(folder, films, code="1"):
    outputs = [folder / f"{film.film_id}.parquet" for film in films]
    embed.embed_films("probe", folder / "probe.safetensors", films, outputs, code)
    return [tables.read_table(output, tables.FEATURES) for output in outputs]


def test_each_film_of_a_batch_has_its_own_table_and_provenance(corpus):
    first, second = corpus.embed([corpus.film("f", "one"), corpus.film("g", "two", 5.0)])
    assert list(first.columns) == [*tables.FEATURES.names, "probe.embedding_0"]
    assert first["time_s"].tolist() == list(range(4, 14))
    samples = noise(30, seed=1)[5 * RATE_HZ : 15 * RATE_HZ]
    expected = 2 * encode_at(samples, np.arange(10) + 0.5)
    assert second["probe.embedding_0"].to_numpy() == pytest.approx(expected, abs=1e-5)
    provenance = tables.read_provenance(corpus.folder / "g.parquet")
    assert provenance["feature_set"] == "probe"
    assert provenance["media_sha256"] == {"two": media.sha256(corpus.folder / "two.wav")}
    assert provenance["weights_sha256"] == media.sha256(corpus.folder / "probe.safetensors")


def test_source_film_embeds_the_audio_of_the_film(corpus):
    film = corpus.film("f", "one")._replace(source="film")
    (frame,) = corpus.embed([film])
    samples = noise(30)[4 * RATE_HZ : 14 * RATE_HZ]
    expected = 2 * encode_at(samples, np.arange(10) + 0.5)
    assert frame["probe.embedding_0"].to_numpy() == pytest.approx(expected, abs=1e-5)


def test_unchanged_table_is_reused_when_a_film_is_added(corpus, caplog):
    caplog.set_level(logging.INFO)
    films = [corpus.film("f", "one"), corpus.film("g", "two")]
    corpus.embed(films[:1])
    path = corpus.folder / "f.parquet"
    os.utime(path, (1, 1))
    before = path.read_bytes()
    corpus.embed(films)
    assert "f: kept, nothing that it depends on has changed" in caplog.text
    assert path.read_bytes() == before
    assert path.stat().st_mtime > 1
    assert (corpus.folder / "g.parquet").exists()


def test_films_with_the_same_album_share_whole_track_embeddings(corpus, caplog, monkeypatch):
    """h reuses the table of f, and i does so in a later run; g has another track."""
    caplog.set_level(logging.INFO)
    written = []
    write = table.write_film

    def write_and_record(film, *rest):
        written.append(film.film_id)
        write(film, *rest)

    monkeypatch.setattr(table, "write_film", write_and_record)
    tracks = {"f": "one", "g": "two", "h": "one", "i": "one"}
    whole = {"source": "tracks", "cues": None, "video": None}
    films = {film: corpus.film(film, track)._replace(**whole) for film, track in tracks.items()}
    corpus.embed([films["f"]])
    first, other, same = corpus.embed([films[film] for film in "fgh"])
    assert written == ["f", "g"]
    assert "h: its album is that of another film" in caplog.text
    assert same.assign(film_id="f").equals(first)
    assert set(same["film_id"]) == {"h"}
    assert len(other) == len(first) == 30
    corpus.embed([films[film] for film in "fghi"])
    assert written == ["f", "g"]


@pytest.mark.parametrize("change", ["cues", "track", "weights", "code"])
def test_table_is_recomputed_if_an_input_changes(corpus, caplog, change):
    film = corpus.film("f", "one")
    (before,) = corpus.embed([film])
    caplog.set_level(logging.INFO)
    if change == "cues":
        corpus.film("f", "one", start_s=3.0)
    elif change == "track":
        soundfile.write(corpus.folder / "one.wav", noise(30, 0.3), RATE_HZ, subtype="FLOAT")
        corpus.film("f", "one")  # updates the digest in the track table
    elif change == "weights":
        save_file({"weight": np.full(1, 3, np.float32)}, corpus.folder / "probe.safetensors")
    (after,) = corpus.embed([film], code="2" if change == "code" else "1")
    assert "kept" not in caplog.text
    assert before.equals(after) == (change == "code")


def test_device_of_the_encoder_is_logged(corpus, caplog):
    caplog.set_level(logging.INFO)
    corpus.embed([corpus.film("f", "one")])
    assert "probe on cpu" in caplog.text or torch.cuda.is_available()
