"""Reading of albums: audio formats, tags, CUE sheets, problems and notes."""

import shutil
import subprocess

import imageio_ffmpeg
import mutagen
import numpy as np
import pandas as pd
import pytest
import soundfile
from mutagen import flac

from scorelens import media
from scorelens.albums import files, names, tracks
from scorelens.albums.reading import read_album

RATE_HZ = 44100
STARTS_S = (0.0, 6 + 37 / 75, 14.0)
SHEET = """PERFORMER "The Band"
TITLE "The Album"
FILE "album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Main Title"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Тема"
    PERFORMER "Someone"
    ISRC USABC1234567
    INDEX 00 00:05:00
    INDEX 01 00:06:37
  TRACK 03 AUDIO
    INDEX 01 00:14:00
"""


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    return folder


@pytest.fixture
def encode(tone, album, tmp_path):
    """Write 6 s of sound to the album with FFmpeg: encode(name, *options)."""
    source = tone("source.wav", 6.0, RATE_HZ, 2)

    def write(name, *options):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source)]
        subprocess.run([*command, *options, str(path)], check=True)
        return path

    return write


def read(folder):
    return read_album(folder, files.list_files(folder))


def write_noise(folder, name="album.flac"):
    """Write 20 s of noise to one file; return the decoded samples."""
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 20 * RATE_HZ)
    soundfile.write(folder / name, samples, RATE_HZ)
    return media.read_audio(folder / name, RATE_HZ)


FORMATS = {
    "a.m4b": ("-c:a", "aac", "-f", "ipod"),
    "b.tta": (),
    "c.mp4": ("-c:a", "aac"),
    "d.webm": ("-c:a", "libopus"),
    "e.aifc": ("-f", "aiff"),
    "f.w64": (),
    "g.ac3": (),
    "h.caf": (),
    "i.oga": ("-c:a", "flac"),
    "j.au": (),
    "k.wav": ("-c:a", "libmp3lame", "-f", "mp3"),
    "l": ("-f", "ogg"),
    "m.xyz": ("-f", "flac"),
    "n.mkv": ("-f", "lavfi", "-i", "color=size=32x32:rate=5:duration=6"),
    "o.mp2": (),
    "p.dts": ("-strict", "-2"),
}


def test_every_file_with_audio_is_a_track_whatever_its_extension(encode, album):
    for name, options in FORMATS.items():
        encode(name, *options)
    result = read(album)
    assert (result.problems, result.notes) == ([], [])
    assert result.tracks.track_id.tolist() == list("abcdefghijklmnop")
    assert result.tracks.duration_s.between(5.9, 6.3).all()
    assert set(result.tracks.sample_rate_hz) == {44100, 48000}


def test_files_without_audio_are_noted(encode, album, film):
    encode("good.flac")
    (album / "bonus.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    (album / "notes").write_text("words " * 99)
    (album / "extra").mkdir()
    shutil.copy(film("clip.mkv"), album / "extra" / "clip.mkv")
    (album / "cover.jpg").write_bytes(b"\xff\xd8")
    result = read(album)
    assert result.tracks.track_id.tolist() == ["good"]
    assert result.problems == []
    assert result.notes == ["no music, skipped: bonus.zip, extra/clip.mkv, notes"]


def test_note_of_many_skipped_files_is_abbreviated(encode, album):
    encode("good.flac")
    for number in range(25):
        (album / f"{number:02d}.bin").write_bytes(b"nothing")
    (note,) = read(album).notes
    assert "19.bin and 5 more" in note


def test_audio_extension_without_audio_is_a_problem(encode, album, film):
    encode("good.flac")
    (album / "words.mp3").write_text("not music " * 200)
    (album / "empty.ogg").touch()
    shutil.copy(film("picture.mkv"), album / "picture.mka")
    soundfile.write(album / "nothing.wav", np.zeros(0), RATE_HZ)
    result = read(album)
    text = "\n".join(map(str, result.problems))
    assert "words.mp3: cannot be read" in text
    assert "empty.ogg: is empty (0 bytes)" in text
    assert "picture.mka: has no sound" in text
    assert "nothing.wav: holds no sound" in text
    assert result.tracks.track_id.tolist() == ["good"]


def test_track_ids_of_files_with_equal_slugs_are_numbered(encode, album):
    for name in ("メイン.flac", "メイン!.mp3", "???.flac", "CD1/01 Élan.flac", "cd1/01 elan.mp3"):
        encode(name)
    ids = read(album).tracks.set_index("path").track_id
    assert {path.partition("album/")[2]: track_id for path, track_id in ids.items()} == {
        "???.flac": "track",
        "CD1/01 Élan.flac": "cd1_01_elan",
        "cd1/01 elan.mp3": "cd1_01_elan_2",
        "メイン!.mp3": "mein",
        "メイン.flac": "mein_2",
    }


def test_tags_are_columns_of_the_tracks(encode, album):
    path = encode("01.flac")
    file = mutagen.File(path)
    file.update({"title": "A\tTitle", "artist": ["One", "Two"], "tracknumber": "3/9"})
    file.save()
    encode("02 Untitled.flac")
    result = read(album).tracks
    first, second = result.itertuples()
    assert (first.title, first.artist, first.number, first.isrc) == ("A Title", "One; Two", 3, "")
    assert pd.isna(first.disc) and pd.isna(second.number)
    assert first.sha256 == media.sha256(path)
    assert names.track_titles(result) == {"01": "A Title", "02_untitled": "02 Untitled"}


def test_cue_sheet_splits_its_file_into_tracks(album):
    all_samples = write_noise(album)
    (album / "album.cue").write_text(SHEET, encoding="utf-8")
    result = read(album)
    assert (result.notes, result.problems) == ([], [])
    rows = result.tracks
    assert rows.track_id.tolist() == ["album_01_main_title", "album_02_tema", "album_03"]
    assert rows.start_s.tolist() == list(STARTS_S)
    assert rows.duration_s.tolist() == pytest.approx([STARTS_S[1], 14 - STARTS_S[1], 6])
    assert rows.title.tolist() == ["Main Title", "Тема", ""]
    assert rows.artist.tolist() == ["The Band", "Someone", "The Band"]
    assert rows.album.tolist() == ["The Album"] * 3
    assert rows.number.tolist() == [1, 2, 3]
    assert rows.isrc.tolist() == ["", "USABC1234567", ""]
    assert list(names.track_titles(rows).values()) == ["Main Title", "Тема", "album 3"]
    digests = tracks.track_digests(rows)
    assert len(set(digests.values())) == 3
    sounds = tracks.track_sounds(rows)
    edges = [round(start_s * RATE_HZ) for start_s in STARTS_S] + [len(all_samples)]
    for number, sound in enumerate(sounds.values()):
        samples = media.read_audio(sound, RATE_HZ)
        np.testing.assert_array_equal(samples, all_samples[edges[number] : edges[number + 1]])


@pytest.mark.parametrize("tag_format", ["flac", "ape"])
def test_cue_sheet_in_the_tags_splits_the_file(album, encode, tag_format):
    write_noise(album, "image.flac")
    path = album / "image.flac"
    if tag_format == "ape":
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
        subprocess.run([*command, str(album / "image.wv")], check=True)
        path.unlink()
        path = album / "image.wv"
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    file["CUESHEET"] = SHEET
    file.save()
    assert read(album).tracks.track_id.tolist() == [
        "image_01_main_title",
        "image_02_tema",
        "image_03",
    ]


def test_cue_sheet_in_a_flac_metadata_block_splits_the_file(album):
    """As written by `flac --cuesheet`: positions in samples, the lead-out as track 170."""
    write_noise(album, "image.flac")
    file = flac.FLAC(album / "image.flac")
    file.cuesheet = flac.CueSheet(None)
    for number, start_s in enumerate(STARTS_S, 1):
        pause = 588 * 75 * (number > 1)  # INDEX 00 a second before
        track = flac.CueSheetTrack(number, round(start_s * RATE_HZ) - pause, b"USABC1234567")
        track.indexes = [flac.CueSheetTrackIndex(0, 0)] * (number > 1)
        track.indexes += [flac.CueSheetTrackIndex(1, pause)]
        file.cuesheet.tracks.append(track)
    file.cuesheet.tracks.append(flac.CueSheetTrack(170, 20 * RATE_HZ))
    file.metadata_blocks.append(file.cuesheet)
    file.save()
    rows = read(album).tracks
    assert rows.track_id.tolist() == ["image_01", "image_02", "image_03"]
    assert rows.start_s.tolist() == list(STARTS_S)
    assert set(rows.isrc) == {"USABC1234567"}


def test_cue_sheet_file_is_preferred_to_the_one_in_the_tags(album):
    write_noise(album)
    file = mutagen.File(album / "album.flac")
    file["CUESHEET"] = SHEET
    file.save()
    (album / "album.cue").write_text(SHEET.replace("Main Title", "Other"), encoding="utf-8")
    result = read(album)
    assert result.notes == []
    assert result.tracks.title[0] == "Other"


def test_non_unicode_cue_sheet_is_decoded_and_noted(album):
    write_noise(album)
    (album / "album.cue").write_bytes(SHEET.encode("cp1251"))
    result = read(album)
    assert result.tracks.title[1] == "Тема"
    assert result.notes == ["album.cue: no Unicode: taken for cp1251"]


def test_unusable_cue_sheet_is_noted_and_the_file_is_one_track(album):
    write_noise(album)
    (album / "album.cue").write_text(SHEET.replace("00:14:00", "10:14:00"), encoding="utf-8")
    result = read(album)
    assert result.tracks.track_id.tolist() == ["album"]
    assert result.notes == [
        "album.cue is not used for album.flac: it has a track at 614.0 s, and the file ends at "
        "20.0 s"
    ]


def test_cue_sheet_with_one_file_per_track_completes_the_tags(encode, album):
    text = 'PERFORMER "The Band"\n'
    for number, title in ((1, "One"), (2, "Two")):
        path = encode(f"{number:02d}.flac")
        text += f'FILE "{number:02d}.wav" WAVE\nTRACK {number:02d} AUDIO\nTITLE "{title}"\n'
        text += "INDEX 00 00:00:00\nINDEX 01 00:02:00\n"
    file = mutagen.File(path)
    file["title"] = "By the tag"
    file.save()
    (album / "album.cue").write_text(text)
    rows = read(album).tracks
    assert rows.title.tolist() == ["One", "By the tag"]
    assert rows.artist.tolist() == ["The Band"] * 2
    assert rows.number.tolist() == [1, 2]
    assert rows.start_s.tolist() == [0, 0]
    assert list(tracks.track_sounds(rows).values()) == rows.path.tolist()


def test_short_tracks_are_noted(tone, album):
    shutil.move(tone("t.wav", 2.0), album)
    assert read(album).notes == ["track t is shorter than a texture window of 5 s (2.0 s)"]


def test_an_album_without_music_has_no_tracks(album):
    assert read(album).tracks.empty
