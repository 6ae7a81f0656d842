"""Selection of a film's sound by default flag, commentary flag or title, language and number."""

import av
import numpy as np
import pytest

from scorelens import media
from scorelens.errors import MediaError
from tests.media_files import RATE_HZ, ffmpeg, music, write_music

PLAIN, DEFAULT, COMMENT = "0", "default", "comment"


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracks")
    return [write_music(folder / f"{seed}.wav", 1.0, seed=seed) for seed in range(3)]


@pytest.fixture
def film(tracks, tmp_path):
    """Write a film of up to three sounds: film(extension, (flags, language, title), ...)."""

    def write(extension, *sounds):
        options = []
        for number, (flags, language, title) in enumerate(sounds):
            options += [f"-disposition:a:{number}", flags]
            options += [f"-metadata:s:a:{number}", f"language={language}"]
            options += [f"-metadata:s:a:{number}", f"title={title}"]
        inputs = [argument for track in tracks[: len(sounds)] for argument in ("-i", track)]
        mapped = [argument for number in range(len(sounds)) for argument in ("-map", number)]
        path = tmp_path / f"film.{extension}"
        ffmpeg(*inputs, *mapped, "-c:a", "flac" if extension == "mkv" else "alac", *options, path)
        return path

    return write


def selected_sound(path, choice=""):
    """Number of the selected sound, from 1; header and samples must agree."""
    number = media.probe(path, choice).sound
    assert media.read_header(path, choice).sound == number
    sound = media.read_audio(media.Sound(path, stream=choice), RATE_HZ)
    np.testing.assert_allclose(sound, 0.75 * music(1.0, seed=number - 1), atol=1e-3)
    return number


@pytest.mark.parametrize("extension", ["mkv", "mov"])
@pytest.mark.parametrize(
    ("sounds", "used"),
    [
        ([(PLAIN, "eng", ""), (DEFAULT, "eng", ""), (PLAIN, "deu", "")], 2),
        ([(PLAIN, "eng", ""), (PLAIN, "eng", ""), (PLAIN, "deu", "")], 1),
        ([(DEFAULT, "eng", ""), (DEFAULT, "eng", ""), (PLAIN, "deu", "")], 1),
    ],
)
def test_default_sound_is_selected_else_the_first(film, extension, sounds, used):
    assert selected_sound(film(extension, *sounds)) == used


@pytest.mark.parametrize("flags", [COMMENT, "visual_impaired", "hearing_impaired"])
def test_sound_flagged_as_commentary_is_not_selected_even_if_default(film, flags):
    path = film("mkv", (f"default+{flags}", "eng", ""), (PLAIN, "eng", ""), (PLAIN, "deu", ""))
    assert selected_sound(path) == 2
    assert [sound.secondary for sound in media.probe(path).sounds] == [True, False, False]


@pytest.mark.parametrize(
    "title",
    [
        "Commentary with the director",
        "Director's Comments",
        "Audiokommentar",
        "Audio description",
        "Hörfilmfassung",
        "Audiodescripción",
        "Commentaire audio",
    ],
)
def test_sound_titled_as_commentary_is_not_selected(film, title):
    assert selected_sound(film("mkv", (DEFAULT, "eng", title), (PLAIN, "eng", "Stereo"))) == 2


@pytest.mark.parametrize("title", ["English 5.1", "Original", "Descent into the maelstrom"])
def test_sound_with_other_title_is_no_commentary(film, title):
    assert selected_sound(film("mkv", (DEFAULT, "eng", title), (PLAIN, "eng", ""))) == 1


def test_default_commentary_is_selected_if_all_are_commentaries(film):
    path = film("mkv", (COMMENT, "eng", ""), (f"default+{COMMENT}", "eng", ""))
    assert selected_sound(path) == 2


@pytest.mark.parametrize("choice", ["2", "de", "deu", "ger", "DE", " de "])
def test_sound_is_selected_by_number_or_language(film, choice):
    path = film("mkv", (DEFAULT, "eng", ""), (PLAIN, "ger", ""), (PLAIN, "fre", ""))
    assert selected_sound(path, choice) == 2


def test_selection_by_language_skips_its_commentary(film):
    path = film("mkv", (DEFAULT, "eng", ""), (COMMENT, "ger", ""), (PLAIN, "ger", ""))
    assert selected_sound(path, "ger") == 3


@pytest.mark.parametrize("choice", ["4", "0", "it", "xx"])
def test_unknown_sound_error_lists_the_sounds(film, choice):
    path = film("mkv", (DEFAULT, "eng", "Main"), (COMMENT, "ger", ""))
    text = (
        rf"film\.mkv: has no sound '{choice}'\n"
        r"  expected: a number or a language of its sounds: 1 \(eng, stereo, 'Main', default\); "
        r"2 \(ger, stereo, commentary\)\n"
        r"  hint: correct the column `audio` of the table"
    )
    for read in (media.probe, media.read_header):
        with pytest.raises(MediaError, match=text):
            read(path, choice)
    with pytest.raises(MediaError, match=text):
        media.read_audio(media.Sound(path, stream=choice), 8000)


def test_sound_note_lists_the_other_sounds(film):
    path = film("mkv", (COMMENT, "eng", "Talk"), (DEFAULT, "eng", ""), (PLAIN, "fre", ""))
    assert list(media.sound_notes(path, media.probe(path))) == [
        "of 3 sounds number 2 (eng, stereo, default) is used; "
        "there are also 1 (eng, stereo, 'Talk', commentary); 3 (fre, stereo)"
    ]
    path = film("mkv", (DEFAULT, "eng", ""))
    assert not list(media.sound_notes(path, media.probe(path)))


def test_cover_image_is_not_counted_as_video(tracks, tmp_path):
    cover, path = tmp_path / "cover.png", tmp_path / "a.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, cover)
    ffmpeg("-i", tracks[0], "-i", cover, "-map", 0, "-map", 1, "-c:v", "copy", path)
    with av.open(str(path)) as container:
        assert container.streams.video
    info = media.probe(path)
    assert not info.has_video
    assert info.duration_s == pytest.approx(1.0, abs=0.01)
