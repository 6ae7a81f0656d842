"""New films and albums: configuration, feature extraction, and the workflow's rules."""

import numpy as np
import pytest
import soundfile
import torch
from safetensors.numpy import save_file

from scorelens import media, tables
from scorelens.encoders.audio_encoder import AudioEncoder
from scorelens.errors import ConfigError, MediaError
from scorelens.features import mir
from scorelens.genres.new_media import extract_new_media
from scorelens.genres.new_media.new_media_config import NewMedia, choose_run, find_media
from tests import workflow_runs as runs
from tests.test_encoders_audio import CPU, PROBE, register_probe
from tests.test_genres_apply import GENRES, trained

RUNS = [
    ("none", "plurality"),
    ("mir", "imv_svm"),
    ("mir", "average_pooling"),
    ("mir", "single_attention"),
    ("vggish", "imv_svm"),
    ("vggish", "single_attention"),
]
RULES = ("extract_new_media", "apply_genres", "plot_new_media")


def test_find_media_treats_file_as_film_and_folder_as_album(tone):
    track = tone("Album/01 Élan.wav")
    tone("Album/CD2/02.wav")
    new_media = find_media({"one": str(track), "all": str(track.parent)})
    assert new_media["one"] == NewMedia(str(track), (str(track),), is_album=False)
    assert new_media["all"].is_album
    assert new_media["all"].path == str(track.parent)
    assert new_media["all"].files == (str(track), str(track.parent / "CD2" / "02.wav"))
    assert find_media({}) == {}


def test_all_invalid_media_names_and_paths_are_reported(tmp_path, tone):
    (tmp_path / "empty").mkdir()
    track = tone("twice/A b.wav")
    (track.parent / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    paths = {"Night Train": str(track), "gone": "films/gone.mkv"}
    paths |= {"empty": str(tmp_path / "empty"), "twice": str(track.parent)}
    with pytest.raises(ConfigError) as error:
        find_media(paths)
    where = "config: genres.apply.media."
    problems = [str(problem) for problem in error.value.problems]
    assert problems[0] == (
        f"{where}Night Train: 'Night Train' is no id\n"
        "  expected: letters a-z, digits and underscores\n"
        "  hint: for example night_train"
    )
    assert problems[1] == (
        f"{where}gone: films/gone.mkv does not exist\n"
        "  expected: a film, an audio file, or a folder of audio files\n"
        "  hint: paths are relative to the folder that the workflow runs in"
    )
    assert problems[2].startswith(f"{where}empty: {tmp_path}/empty holds no audio file\n")
    assert problems[3] == (
        f"{where}twice: '{track.parent}/gone.wav' is a broken link\n"
        "  expected: files that can be read\n"
        "  hint: rename or remove it"
    )
    assert len(problems) == 4


@pytest.mark.parametrize(
    ("feature_set", "model", "expected"),
    [
        ("", "", ("vggish", "single_attention")),
        ("mir", "", ("mir", "single_attention")),
        ("", "imv_svm", ("vggish", "imv_svm")),
        ("", "average_pooling", ("mir", "average_pooling")),
        ("mir", "imv_svm", ("mir", "imv_svm")),
    ],
)
def test_default_run_is_the_papers_model_unless_configured(feature_set, model, expected):
    assert choose_run(RUNS, feature_set, model) == expected


def test_default_run_is_the_first_network_before_classifiers():
    runs = [("mir", "imv_svm"), ("mir", "max_pooling"), ("mir", "linear_softmax")]
    assert choose_run(runs, "", "") == ("mir", "max_pooling")


@pytest.mark.parametrize(("feature_set", "model"), [("yamnet", ""), ("", "plurality")])
def test_untrained_model_or_baseline_is_an_error(feature_set, model):
    with pytest.raises(ConfigError) as error:
        choose_run(RUNS[:3], feature_set, model)
    assert str(error.value) == (
        f"config: genres.apply: {model or 'any model'} on {feature_set or 'any feature set'} "
        "is not trained, or is a baseline\n"
        "  expected: one of: imv_svm on mir; average_pooling on mir\n"
        "  hint: name one of them, or add to genres.models and features.sets"
    )


def test_choose_run_with_baselines_only_is_an_error():
    with pytest.raises(ConfigError, match="expected: one of: nothing yet"):
        choose_run(RUNS[:1], "", "")


def measure_and_read(folder, path, feature_set="mir", weights=None):
    """Run `measure_media` and read the tables of tracks and features that it writes."""
    paths = folder / "new.tsv", folder / "new.parquet"
    profile = "fast" if feature_set == "mir" else None
    media_of = find_media({"new": str(path)})["new"]
    arguments = media_of.path, media_of.files, media_of.is_album
    extract_new_media.measure_media(
        "new", *arguments, feature_set, profile, weights, "code", 1, *paths
    )
    return tables.read_table(paths[0], tables.TRACKS), tables.read_table(paths[1], tables.FEATURES)


def test_features_of_every_track_cover_its_full_duration(tmp_path, tone):
    paths = {
        "high": tone("album/high.wav", 4.7, 44100, 2, hz=880),
        "low": tone("album/low.wav", 6.3, hz=220),
    }
    tracks, frames = measure_and_read(tmp_path, tmp_path / "album")
    assert tracks["track_id"].tolist() == ["high", "low"]
    assert tracks["duration_s"].tolist() == pytest.approx([4.7, 6.3], abs=0.01)
    assert set(frames["film_id"]) == {"new"}
    assert frames.groupby("cue_id", sort=False).size().to_dict() == {"high": 5, "low": 6}
    for track, path in paths.items():
        track_frames = frames[frames["cue_id"] == track]
        assert track_frames["time_s"].tolist() == list(range(len(track_frames)))
        sound = media.read_audio(path, mir.RATE_HZ)
        expected = mir.measure(sound, np.arange(len(track_frames)) + 0.5, "fast")
        np.testing.assert_allclose(
            track_frames[list(mir.NAMES)].to_numpy(np.float32), expected, rtol=1e-5
        )


def test_encoder_features_use_the_given_weights(tmp_path, monkeypatch):
    register_probe(monkeypatch)
    save_file({"weight": np.full(1, 2, np.float32)}, tmp_path / "probe.safetensors")
    samples = np.random.default_rng(0).normal(0, 0.1, 5 * PROBE.SAMPLE_RATE_HZ).astype(np.float32)
    soundfile.write(tmp_path / "new.wav", samples, PROBE.SAMPLE_RATE_HZ, subtype="FLOAT")
    tracks, frames = measure_and_read(
        tmp_path, tmp_path / "new.wav", "probe", tmp_path / "probe.safetensors"
    )
    encoder = AudioEncoder("probe", PROBE, {"weight": torch.full((1,), 2.0)}, CPU)
    expected = encoder.encode_at([samples], np.arange(5) + 0.5)
    assert tracks["track_id"].tolist() == ["new"]
    np.testing.assert_allclose(frames[["probe.embedding_0"]].to_numpy(), expected, rtol=1e-5)


def test_all_undecodable_files_are_reported(tmp_path, tone, film):
    album = tone("album/fine.wav").parent
    (album / "broken.wav").write_bytes(b"no sound at all" * 100)
    film("mute.mkv").rename(album / "mute.mka")
    with pytest.raises(MediaError) as error:
        measure_and_read(tmp_path, album)
    message = str(error.value)
    assert message.startswith("2 problems were found")
    assert "broken.wav: cannot be read as media" in message
    assert f"{album}/mute.mka: has no sound\n  expected: a file with an audio stream" in message
    assert not (tmp_path / "new.parquet").exists()


def snakemake(home, work, apply, *options):
    """Run the workflow with options of `genres.apply`; return exit status and output."""
    config = {
        "corpus": {"demo": {"films": 2, "film_s": 45}, "genres": GENRES},
        "genres": {"models": ["average_pooling", "plurality"], "apply": apply},
        "features": {"profile": "fast"},
        "tagger": {"models": []},
        "retrieval": {"configurations": []},
        "trailers": {"models": []},
    }
    done = runs.snakemake(home, work, config, *options)
    return done.returncode, done.stdout


@pytest.mark.slow
def test_workflow_predicts_film_and_album_with_existing_models(home, tmp_path, tone, film):
    """Existing model files are used; no rule of the training corpus is allowed to run."""
    models = tmp_path / "results/genres/models/mir"
    models.mkdir(parents=True)
    trained(models, "average_pooling", features=mir.NAMES)
    tone("album/low.wav", 12, hz=110)
    tone("album/high.wav", 25, hz=1760)
    sound = 0.3 * np.random.default_rng(0).standard_normal(48000 * 8).clip(-3, 3)
    film("short.mkv", sound, seconds=8.0)
    options = {"media": {"album": "album", "short": "short.mkv"}, "window_s": 10}
    figures = [f"results/genres/applied/{name}.svg" for name in options["media"]]
    code, output = snakemake(home, tmp_path, options, "--allowed-rules", *RULES, "--", *figures)
    assert code == 0, output
    applied = tmp_path / "results/genres/applied"
    predictions = tables.read_table(applied / "album.tsv", tables.GENRE_MEDIA_PREDICTIONS)
    assert predictions["track_id"].drop_duplicates().tolist() == ["", "high", "low"]
    windows = tables.read_table(applied / "album.parquet", tables.GENRE_APPLIED)
    low = windows[(windows["track_id"] == "low") & (windows["genre"] == GENRES[0])]
    assert low[["start_s", "end_s"]].to_numpy().tolist() == [[0, 10], [2, 12]]
    windows = tables.read_table(applied / "short.parquet", tables.GENRE_APPLIED)
    assert windows[["track_id", "start_s", "end_s"]].drop_duplicates().to_numpy().tolist() == [
        ["", 0, 8]
    ]
    for name, path in zip(options["media"], figures, strict=True):
        assert f">{name}: Average pooling (mir)<" in (tmp_path / path).read_text()


@pytest.mark.slow
def test_missing_media_file_is_an_error_in_dry_run(home, tmp_path):
    code, output = snakemake(home, tmp_path, {"media": {"gone": "gone.mkv"}}, "--dry-run")
    assert code == 1
    assert "config: genres.apply.media.gone: gone.mkv does not exist" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_untrained_model_is_an_error_only_with_new_media(home, tmp_path, tone):
    untrained = {"model": "imv_svm"}
    code, output = snakemake(home, tmp_path, untrained, "--dry-run")
    assert code == 0, output
    assert not any(rule in output for rule in RULES)
    media_options = {"media": {"song": str(tone("song.wav"))}}
    code, output = snakemake(home, tmp_path, untrained | media_options, "--dry-run")
    assert code == 1
    assert "config: genres.apply: imv_svm on any feature set is not trained" in output
