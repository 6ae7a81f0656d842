"""Which sound of a film counts: default, commentary, language, number."""

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
    """Three sounds: film(ending, (flags, language, title), ...)."""

    def write(ending, *sounds):
        how = []
        for number, (flags, language, title) in enumerate(sounds):
            how += [f"-disposition:a:{number}", flags]
            how += [f"-metadata:s:a:{number}", f"language={language}"]
            how += [f"-metadata:s:a:{number}", f"title={title}"]
        inputs = [word for track in tracks[: len(sounds)] for word in ("-i", track)]
        mapped = [word for number in range(len(sounds)) for word in ("-map", number)]
        path = tmp_path / f"film.{ending}"
        ffmpeg(*inputs, *mapped, "-c:a", "flac" if ending == "mkv" else "alac", *how, path)
        return path

    return write


def number_of(path, choice=""):
    """Which sound is used, from 1; by its header and by its samples."""
    number = media.probe(path, choice).sound
    assert media.read_header(path, choice).sound == number
    sound = media.read_audio(media.Sound(path, stream=choice), RATE_HZ)
    np.testing.assert_allclose(sound, 0.75 * music(1.0, seed=number - 1), atol=1e-3)
    return number


@pytest.mark.parametrize("ending", ["mkv", "mov"])
@pytest.mark.parametrize(
    ("sounds", "used"),
    [
        ([(PLAIN, "eng", ""), (DEFAULT, "eng", ""), (PLAIN, "deu", "")], 2),
        ([(PLAIN, "eng", ""), (PLAIN, "eng", ""), (PLAIN, "deu", "")], 1),
        ([(DEFAULT, "eng", ""), (DEFAULT, "eng", ""), (PLAIN, "deu", "")], 1),
    ],
)
def test_the_default_sound_counts_or_the_first(film, ending, sounds, used):
    assert number_of(film(ending, *sounds)) == used


@pytest.mark.parametrize("flags", [COMMENT, "visual_impaired", "hearing_impaired"])
def test_not_a_commentary_by_its_flags_even_if_default(film, flags):
    path = film("mkv", (f"default+{flags}", "eng", ""), (PLAIN, "eng", ""), (PLAIN, "deu", ""))
    assert number_of(path) == 2
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
def test_not_a_commentary_by_its_title(film, title):
    assert number_of(film("mkv", (DEFAULT, "eng", title), (PLAIN, "eng", "Stereo"))) == 2


@pytest.mark.parametrize("title", ["English 5.1", "Original", "Descent into the maelstrom"])
def test_other_titles_are_no_commentary(film, title):
    assert number_of(film("mkv", (DEFAULT, "eng", title), (PLAIN, "eng", ""))) == 1


def test_only_commentaries(film):
    path = film("mkv", (COMMENT, "eng", ""), (f"default+{COMMENT}", "eng", ""))
    assert number_of(path) == 2


@pytest.mark.parametrize("choice", ["2", "de", "deu", "ger", "DE", " de "])
def test_a_sound_by_number_or_language(film, choice):
    path = film("mkv", (DEFAULT, "eng", ""), (PLAIN, "ger", ""), (PLAIN, "fre", ""))
    assert number_of(path, choice) == 2


def test_of_a_language_not_its_commentary(film):
    path = film("mkv", (DEFAULT, "eng", ""), (COMMENT, "ger", ""), (PLAIN, "ger", ""))
    assert number_of(path, "ger") == 3


@pytest.mark.parametrize("choice", ["4", "0", "it", "xx"])
def test_a_sound_that_is_not_there(film, choice):
    path = film("mkv", (DEFAULT, "eng", "Main"), (COMMENT, "ger", ""))
    text = (
        rf"film\.mkv: has no sound '{choice}'\n"
        r"  expected: a number or a language of its sounds: 1 \(eng, stereo, 'Main', default\); "
        r"2 \(ger, stereo, commentary\)\n"
        r"  hint: correct the column `audio` of the table"
    )
    for work in (media.probe, media.read_header):
        with pytest.raises(MediaError, match=text):
            work(path, choice)
    with pytest.raises(MediaError, match=text):
        media.read_audio(media.Sound(path, stream=choice), 8000)


def test_the_note_names_what_else_there_is(film):
    path = film("mkv", (COMMENT, "eng", "Talk"), (DEFAULT, "eng", ""), (PLAIN, "fre", ""))
    assert list(media.sound_notes(path, media.probe(path))) == [
        "of 3 sounds number 2 (eng, stereo, default) is used; "
        "there are also 1 (eng, stereo, 'Talk', commentary); 3 (fre, stereo)"
    ]
    path = film("mkv", (DEFAULT, "eng", ""))
    assert not list(media.sound_notes(path, media.probe(path)))


def test_a_cover_is_no_picture(tracks, tmp_path):
    cover, path = tmp_path / "cover.png", tmp_path / "a.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, cover)
    ffmpeg("-i", tracks[0], "-i", cover, "-map", 0, "-map", 1, "-c:v", "copy", path)
    with av.open(str(path)) as container:
        assert container.streams.video
    info = media.probe(path)
    assert not info.has_video
    assert info.duration_s == pytest.approx(1.0, abs=0.01)
