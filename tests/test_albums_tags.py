"""Reading of tags in every format, as written by mutagen and FFmpeg, and of damaged tags."""

import subprocess

import imageio_ffmpeg
import mutagen
import pytest
from mutagen import apev2, asf, flac, id3, mp4, wave

from scorelens.albums.tags import Tags, read_tags

EXPECTED = Tags(
    title="Élan — メイン",
    artist="First; Second",
    composer="A. Composer",
    album="The Album",
    disc=2,
    number=3,
    isrc="USABC1234567",
    publisher="A Publisher",
)
ID3 = {
    "TIT2": EXPECTED.title,
    "TPE1": ["First", "Second"],
    "TCOM": EXPECTED.composer,
    "TALB": EXPECTED.album,
    "TPOS": "2/2",
    "TRCK": "03/12",
    "TSRC": "US-ABC-12-34567",
    "TPUB": EXPECTED.publisher,
}
FIELDS = {
    "Title": EXPECTED.title,
    "ARTIST": ["First", "Second"],
    "Composer": EXPECTED.composer,
    "Album": EXPECTED.album,
    "discnumber": "2",
    "TRACKNUMBER": "03/12",
    "isrc": EXPECTED.isrc,
    "Publisher": EXPECTED.publisher,
}


@pytest.fixture
def encode(tone, tmp_path):
    """Write 0.5 s of sound with FFmpeg: encode(name, *options)."""
    source = tone("source.wav", 0.5, 44100, 2)

    def write(name, *options):
        path = tmp_path / name
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source)]
        subprocess.run([*command, "-map_metadata", "-1", *options, str(path)], check=True)
        return path

    return write


def add_id3(tags):
    for name, value in ID3.items():
        tags.add(getattr(id3, name)(encoding=3, text=value))


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.aiff", "a.tta"])
def test_read_id3_tags(encode, name):
    path = encode(name)
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    add_id3(file.tags)
    file.save()
    assert read_tags(path) == EXPECTED


def test_read_id3v1_tags(encode):
    path = encode("a.mp3", "-id3v2_version", "0", "-write_xing", "0")
    fields = [b"An Old Title".ljust(30, b"\0"), b"Caf\xe9".ljust(30, b"\0"), b"\0" * 30]
    path.write_bytes(path.read_bytes() + b"TAG" + b"".join(fields) + b"1999" + b"\0" * 29 + b"\7\1")
    assert read_tags(path) == Tags(title="An Old Title", artist="Café", number=7)


@pytest.mark.parametrize("name", ["a.mp3", "a.aac", "a.wv", "a.tta"])
def test_read_apev2_tags(encode, name):
    path = encode(name, *(["-id3v2_version", "0"] if name == "a.mp3" else []))
    tags = apev2.APEv2()
    values = FIELDS | {"Disc": "2", "Track": "3"}
    for key in ("Title", "ARTIST", "Composer", "Album", "Disc", "Track", "isrc", "Publisher"):
        tags[key] = values[key]
    tags.save(path)
    assert read_tags(path) == EXPECTED


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.opus", "a.oga"])
def test_read_vorbis_comments(encode, name):
    path = encode(name, *(["-c:a", "flac"] if name == "a.oga" else []))
    file = mutagen.File(path)
    for key, value in FIELDS.items():
        file[key] = value
    file.save()
    assert read_tags(path) == EXPECTED


def test_read_publisher_from_the_names_that_taggers_use(encode):
    path = encode("a.flac")
    for tags, expected in (
        ({"ORGANIZATION": "Org", "LABEL": "Label"}, "Org"),
        ({"LABEL": "Label"}, "Label"),
        ({"LABEL": "Label", "publisher": ["P", "Q"]}, "P; Q"),
    ):
        file = flac.FLAC(path)
        file.delete()
        file.update(tags)
        file.save()
        assert read_tags(path).publisher == expected


def test_read_flac_tags_after_an_id3_header(encode):
    path = encode("a.flac")
    file = flac.FLAC(path)
    file.update(FIELDS)
    file.save()
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16) + path.read_bytes())
    assert read_tags(path) == EXPECTED


@pytest.mark.parametrize("name", ["a.m4a", "a.m4b", "a.mp4"])
def test_read_mp4_tags(encode, name):
    path = encode(name, "-c:a", "aac", "-f", "ipod")
    file = mp4.MP4(path)
    file["\xa9nam"], file["\xa9ART"], file["\xa9wrt"] = (
        EXPECTED.title,
        ["First", "Second"],
        EXPECTED.composer,
    )
    file["\xa9alb"], file["disk"], file["trkn"] = EXPECTED.album, [(2, 2)], [(3, 12)]
    file["----:com.apple.iTunes:ISRC"] = [EXPECTED.isrc.encode()]
    file["----:com.apple.iTunes:PUBLISHER"] = [EXPECTED.publisher.encode()]
    file.save()
    assert read_tags(path) == EXPECTED


def test_read_asf_tags(encode):
    path = encode("a.wma")
    file = asf.ASF(path)
    file["Title"], file["Author"], file["WM/Composer"] = (
        EXPECTED.title,
        ["First", "Second"],
        EXPECTED.composer,
    )
    file["WM/AlbumTitle"], file["WM/PartOfSet"] = EXPECTED.album, "2/2"
    file["WM/TrackNumber"], file["WM/ISRC"] = "3", EXPECTED.isrc
    file["WM/Publisher"] = EXPECTED.publisher
    file.save()
    assert read_tags(path) == EXPECTED


@pytest.mark.parametrize("name", ["a.mka", "a.webm", "a.wav", "a.nut"])
def test_read_tags_that_only_ffmpeg_supports(encode, name):
    """Matroska, the INFO list of RIFF, and NUT."""
    tags = {"title": "A Title", "artist": "Someone", "album": "The Album", "track": "3"}
    options = [part for key, value in tags.items() for part in ("-metadata", f"{key}={value}")]
    path = encode(name, *options, *(["-c:a", "libopus"] if name == "a.webm" else []))
    assert read_tags(path) == Tags(title="A Title", artist="Someone", album="The Album", number=3)


def test_file_without_tags_and_missing_file_give_empty_tags(encode, tmp_path):
    assert read_tags(encode("a.wav", "-bitexact")) == Tags()
    assert read_tags(tmp_path / "nowhere.flac") == Tags()


def test_control_characters_and_empty_values_are_removed(encode):
    path = encode("a.flac")
    file = flac.FLAC(path)
    file.update(
        {"title": ["A\x00\x07 Title\n ", "", "  "], "artist": "\ufeff\t", "tracknumber": "0"}
    )
    file.update({"isrc": "unknown", "discnumber": "99999999999999999999"})
    file.save()
    assert read_tags(path) == Tags(title="A Title")


def test_nul_separated_id3_values_are_split(encode):
    path = encode("a.wav")
    file = wave.WAVE(path)
    file.add_tags()
    file.tags.add(id3.TPE1(encoding=3, text="One\x00Two\x00One"))
    file.save()
    assert read_tags(path).artist == "One; Two"


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.m4a", "a.ogg", "a.wma", "a.wv"])
def test_damaged_tags_raise_no_error(encode, name):
    """Every tenth of the first 4000 bytes is changed, from 20 different first bytes on."""
    path = encode(name, "-metadata", "title=A Title", "-metadata", "artist=Someone")
    whole = path.read_bytes()
    for seed in range(20):
        data = bytearray(whole)
        for position in range(seed, min(4000, len(data)), 10):
            data[position] = (data[position] * 31 + seed) % 256
        path.write_bytes(data)
        assert isinstance(read_tags(path), Tags)


def test_exception_in_mutagen_falls_back_to_ffmpeg(encode, monkeypatch):
    def fail(path):
        raise RecursionError("deep")

    path = encode("a.mka", "-metadata", "title=A Title")
    monkeypatch.setattr(mutagen, "File", fail)
    assert read_tags(path).title == "A Title"
