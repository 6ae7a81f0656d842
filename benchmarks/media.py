"""Measure the cost of exact media lengths, compared with decoding the files.

    python benchmarks/media.py

Makes a film of two hours (one encoded minute repeated, in MP4, Matroska and MPEG-TS), an album
of 20 tracks of 3 min and 1,000 tracks of 30 s, in a folder for temporary files. CPU seconds of one
core. The last line is JSON:

- `length_over_decode`: CPU seconds for the lengths of the film in MP4, divided by those for
  decoding its sound and its picture
- `length_over_sound`: the same, divided by those for decoding its sound only; the maximum of the
  three containers
- `album_length_over_sound`: for the album
- `check_1000_s`: CPU seconds for the lengths of 1,000 tracks and their first sound, as in the check
  of a corpus
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import av
import imageio_ffmpeg

from scorelens import media

MINUTES, WIDTH, HEIGHT, FRAME_RATE_HZ = 120, 640, 360, 24
TRACKS, TRACK_S = 20, 180
CHECK_TRACKS, CHECK_TRACK_S = 1000, 30
RATE_HZ = 11_025
CONTAINERS = ("mp4", "mkv", "ts")
FORMATS = {
    "flac": (),
    "mp3": ("-q:a", "2", "-write_xing", "0"),
    "m4a": ("-c:a", "aac"),
    "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films, picture_s = measure_films(folder)
        album = measure_tracks(folder, TRACKS, TRACK_S)
        check_s = measure_check(folder)
    print(f"{'medium':28}{'length':>9}{'sound':>9}{'ratio':>8}   CPU s")
    for medium, (length_s, sound_s) in {**films, "album": album}.items():
        print(f"{medium:28}{length_s:9.2f}{sound_s:9.2f}{length_s / sound_s:8.3f}")
    print(f"picture of the film in MP4, {WIDTH} x {HEIGHT}: {picture_s:.1f} CPU s")
    print(f"check of {CHECK_TRACKS:,} tracks: {check_s:.1f} CPU s")
    length_s, sound_s = films["film, mp4"]
    ratios = {
        "length_over_decode": length_s / (sound_s + picture_s),
        "length_over_sound": max(length_s / sound_s for length_s, sound_s in films.values()),
        "album_length_over_sound": album[0] / album[1],
        "check_1000_s": check_s,
    }
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


def measure_films(folder: Path) -> tuple[dict[str, tuple[float, float]], float]:
    """CPU seconds for length and sound in each container, and for the picture in MP4."""
    minute = folder / "minute.mkv"
    picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FRAME_RATE_HZ}:duration=60"
    sound = "anoisesrc=color=pink:amplitude=0.3:duration=60:sample_rate=48000"
    sources = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound)
    codecs = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p")
    ffmpeg(*sources, *codecs, "-c:a", "aac", "-ac", "2", minute)
    costs, picture_s = {}, 0.0
    for extension in CONTAINERS:
        film = folder / f"film.{extension}"
        ffmpeg("-stream_loop", MINUTES - 1, "-i", minute, "-c", "copy", film)
        costs[f"film, {extension}"] = measure_files([film])
        if extension == "mp4":
            picture_s = cpu_seconds(decode_picture, film)
        film.unlink()
    return costs, picture_s


def measure_tracks(folder: Path, count: int, seconds: int) -> tuple[float, float]:
    """CPU seconds for lengths and sound of an album."""
    tracks = write_tracks(folder / "album", count, seconds)
    return measure_files(tracks)


def measure_check(folder: Path) -> float:
    """CPU seconds of the corpus check for the sound of many tracks."""
    tracks = write_tracks(folder / "many", CHECK_TRACKS, CHECK_TRACK_S)

    def check():
        for track in tracks:
            assert not list(media.sound_problems(track, media.probe(track))), track

    return cpu_seconds(check)


def measure_files(paths: list[Path]) -> tuple[float, float]:
    """CPU seconds for lengths and for sound, on different links: lengths are cached by path."""
    links = [path.with_name(f"again_{path.name}") for path in paths]
    for path, link in zip(paths, links, strict=True):
        os.link(path, link)
    length_s = cpu_seconds(lambda: [media.probe(path) for path in paths])
    sound_s = cpu_seconds(lambda: [decode_sound(path) for path in links])
    for path in links:
        path.unlink()
    return length_s, sound_s


def write_tracks(folder: Path, count: int, seconds: int) -> list[Path]:
    """Tracks that cycle through all formats; those of one format are hard links to one file."""
    folder.mkdir()
    sound = f"anoisesrc=color=pink:amplitude=0.3:duration={seconds}:sample_rate=44100"
    for extension, options in FORMATS.items():
        ffmpeg("-f", "lavfi", "-i", sound, "-ac", "2", *options, folder / f"first.{extension}")
    tracks = []
    for number in range(count):
        extension = list(FORMATS)[number % len(FORMATS)]
        tracks.append(folder / f"{number:04d}.{extension}")
        os.link(folder / f"first.{extension}", tracks[-1])
    return tracks


def decode_sound(path: Path) -> None:
    for _ in media.audio_blocks(path, RATE_HZ):
        pass


def decode_picture(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for _ in container.decode(stream):
            pass


def cpu_seconds(work, *arguments) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def ffmpeg(*arguments) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
