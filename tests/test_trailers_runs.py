"""Runs of trailer models: their order, their titles and the run that represents a modality."""

import pytest

from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.errors import ConfigError
from scorelens.trailers import (
    FROZEN,
    MODELS,
    NETWORKS,
    PREFERRED,
    TITLES,
    modality_run,
    runs,
    title,
)


def test_runs_are_ordered_by_model_and_by_network_of_the_config():
    models = ["sound_linear", "frame_linear", "window_cnn", "frequency", "frame_cnn"]
    assert runs(models, ["vgg16", "vit"], ["yamnet", "musicnn", "vggish"]) == [
        ("none", "frequency"),
        ("none", "frame_cnn"),
        ("vgg16", "frame_linear"),
        ("vit", "frame_linear"),
        ("none", "window_cnn"),
        ("yamnet", "sound_linear"),
        ("musicnn", "sound_linear"),
        ("vggish", "sound_linear"),
    ]
    assert runs([], ["vgg16"], ["yamnet"]) == []


def test_number_of_runs_of_all_models_on_all_networks():
    all_runs = runs(MODELS, list(IMAGE_ENCODERS), list(AUDIO_ENCODERS))
    assert len(set(all_runs)) == len(all_runs) == 4 + 2 * 3 + 2 * 3
    assert all_runs[-1] == ("none", "fusion")


def test_fusion_without_sound_attention_raises_config_error():
    with pytest.raises(ConfigError) as error:
        runs(["fusion", "frame_attention", "sound_linear"], ["vgg16"], ["yamnet"])
    assert str(error.value) == (
        "config: trailers.models: fusion is named without sound_attention\n"
        "  expected: frame_attention and sound_attention, which it fuses\n"
        "  hint: or leave fusion out"
    )


def test_a_modality_is_represented_by_attention_on_its_first_network():
    all_runs = runs(MODELS, ["vit", "vgg16"], ["yamnet", "musicnn"])
    assert modality_run("picture", all_runs) == ("vit", "frame_attention")
    assert modality_run("sound", all_runs) == ("yamnet", "sound_attention")
    assert modality_run("both", all_runs) == ("none", "fusion")
    fewer_runs = runs(["frame_cnn", "frame_linear", "window_cnn"], ["vgg16", "vit"], ["yamnet"])
    assert modality_run("picture", fewer_runs) == ("vgg16", "frame_linear")
    assert modality_run("sound", fewer_runs) == ("none", "window_cnn")
    assert modality_run("both", fewer_runs) is None


def test_every_model_has_a_modality_and_a_title():
    assert set(TITLES) == set(MODELS)
    assert set(PREFERRED["picture"] + PREFERRED["sound"]) == {*FROZEN, *NETWORKS}
    for modality, names in PREFERRED.items():
        assert all(MODELS[name] == modality for name in names)


def test_run_title_includes_its_network():
    assert title("vgg16", "frame_attention") == "Attention over frames, VGG16"
    assert title("yamnet", "sound_linear") == "Linear on sound, YAMNet"
    assert title("none", "fusion") == "Picture and sound fused"
