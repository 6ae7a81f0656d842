"""Mix and encode the films of a treatment, and write their true cues."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pandas as pd
import soundfile

from scorelens.corpus.synthesis.mixing import Clips, mix_background

from . import plan as plans
from . import signals
from .albums import Track
from .plan import Cue, Film, Plan
from .signals import RATE_HZ, samples
from .treatments import TREATMENTS, Span, Treatment

PEAK = 0.9
STEP = RATE_HZ // 100  # samples between the points of the activity of the speech
LONG_FILMS = {name: getattr(plans, name) for name in ("held_out", "foreign", "tones", "speech")}
TRUTH = [
    *("film_id", "track_id", "film_start_s", "film_end_s", "track_start_s", "snr_db", "decoy"),
    *("tempo", "pitch_semitones", "layer"),
]
LEVELS = ["film_id", "cue", "second", "music_db", "rest_db"]
FLOOR_DB, LOW_EFFECTS = -120.0, 3  # channel of a 5.1 mix
# Gains of left, right, centre, low effects and the two surrounds, for each stem of a 5.1 mix.
SURROUND = {
    "music": ((1, 0), (0, 1), (0, 0), (0, 0), (0.5, 0), (0, 0.5)),
    "effects": ((0.7, 0), (0, 0.7), (0.2, 0.2), (0, 0), (0.4, 0), (0, 0.4)),
    "speech": ((0, 0), (0, 0), (0.7, 0.7), (0, 0), (0, 0), (0, 0)),
}


@dataclass(frozen=True)
class Stage:
    """What films are made of, and where they are cached."""

    plan: Plan
    speech: Clips
    effects: Clips
    media: str  # names the folders that all comes from
    cache: Path
    minutes: float  # of the long films of a treatment together


@dataclass(frozen=True)
class MadeFilm:
    """A film with its true cues, and every second of them with its levels, rows of `LEVELS`."""

    film: Film
    sound: Path
    truth: pd.DataFrame
    levels: pd.DataFrame


def make_films(name: str, stage: Stage, treatment: Treatment | None = None) -> list[MadeFilm]:
    """Make the films of a treatment, or find them in the cache."""
    treatment = treatment or TREATMENTS[name]
    films = list(films_of(treatment, stage))
    folder = stage.cache / "films" / f"{name}_{digest(films, stage)}"
    paths = [folder / f"{film.film_id}.{ending(treatment)}" for film in films]
    for film, path in zip(films, paths, strict=True):
        if not path.with_suffix(".tsv").exists():
            make_film(film, treatment, stage, path)
    tables = [pd.read_csv(path.with_suffix(".tsv"), sep="\t") for path in paths]
    typed = [table.astype({"decoy": bool, "track_id": str}) for table in tables]
    levels = [pd.read_csv(path.with_suffix(".levels.tsv"), sep="\t") for path in paths]
    return [MadeFilm(*made) for made in zip(films, paths, typed, levels, strict=True)]


def films_of(treatment: Treatment, stage: Stage) -> Iterable[Film]:
    if treatment.films == "cues":
        return stage.plan.films
    return LONG_FILMS[treatment.films](stage.plan, stage.minutes)


def digest(films: Iterable[Film], stage: Stage) -> str:
    """Digest of what is in films and of the code that makes them."""
    files = [Path(__file__).parent / f"{name}.py" for name in ("mixing", "signals", "treatments")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    content = "".join([stage.media, json.dumps([asdict(film) for film in films]), *texts])
    return hashlib.sha256(content.encode()).hexdigest()[:10]


def ending(treatment: Treatment) -> str:
    return {"aac": "m4a", "libmp3lame": "mp3"}.get(treatment.codec[0], "mka")


def make_film(film: Film, treatment: Treatment, stage: Stage, path: Path) -> None:
    """Mix and encode a film; the truth is written last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    speech, effects, activity = read_background(film, stage)
    sound = spread(speech, "speech", treatment) + spread(effects, "effects", treatment)
    truth, levels = add_music(sound, film, treatment, stage.plan.sounds, activity)
    factor = np.float32(PEAK / max(sound.max(), -sound.min()))
    sound *= factor
    levels[["music_db", "rest_db"]] += 20 * np.log10(factor)
    streams = [sound]
    if treatment.layout == "commentary":
        streams.insert(0, commentary(film, stage, sound))
    encode(streams, treatment, path)
    levels.to_csv(path.with_suffix(".levels.tsv"), sep="\t", float_format="%.2f", index=False)
    truth.to_csv(path.with_suffix(".tsv"), sep="\t", index=False)


def spread(stem: np.ndarray, name: str, treatment: Treatment) -> np.ndarray:
    """A stereo stem in the channels of the film."""
    if treatment.layout != "surround":
        return stem
    return stem @ np.array(SURROUND[name], np.float32).T


def add_music(
    sound: np.ndarray,
    film: Film,
    treatment: Treatment,
    sounds: Mapping[str, Track],
    activity: np.ndarray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the music of a film to the rest, at its level against it.

    Returns its true cues, and the levels of every second of them.
    """
    rows, levels = [], []
    for number, cue in enumerate(film.cues):
        take = treatment.make(cue, sounds, np.random.default_rng(cue.seed))
        start = samples(cue.film_start_s)
        stop = start + len(take.music)
        music = signals.faded(take.music, *(treatment.fades_s or cue.fades_s))
        music *= ducking(activity, start, len(music), treatment.ducking_db)[:, None]
        music = spread(music, "music", treatment)
        snr_db = cue.snr_db if treatment.snr_db is None else treatment.snr_db
        music *= np.float32(gain(music, take.spans, sound[start:stop], snr_db))
        levels += [
            (film.film_id, number, *row) for row in second_levels(music, sound[start:stop], start)
        ]
        sound[start:stop] += music
        rows += [true_cue(film, cue, span, snr_db) for span in take.spans]
    return pd.DataFrame(rows, columns=TRUTH), pd.DataFrame(levels, columns=LEVELS)


def second_levels(music: np.ndarray, rest: np.ndarray, start: int) -> Iterator[tuple]:
    """Level of music and rest in every second of the film that has half a second of both or more.

    dB: the mean power of a sample, summed over channels but the low effects.
    """
    for second in range(start // RATE_HZ, (start + len(music)) // RATE_HZ + 1):
        span = slice(max(0, second * RATE_HZ - start), max(0, (second + 1) * RATE_HZ - start))
        if 2 * len(music[span]) >= RATE_HZ:
            yield second, level_db(music[span]), level_db(rest[span])


def level_db(sound: np.ndarray) -> float:
    channels = np.delete(sound, LOW_EFFECTS, axis=1) if sound.shape[1] == 6 else sound
    power = np.square(channels, dtype=np.float64).mean(axis=0).sum()
    return float(max(FLOOR_DB, 10 * np.log10(power))) if power else FLOOR_DB


def gain(music: np.ndarray, spans: Sequence[Span], rest: np.ndarray, snr_db: float) -> float:
    """Gain at which the music, where it plays, is `snr_db` above the rest of the cue.

    Both are the mean power of all channels.
    """
    plays = np.zeros(len(music), bool)
    for span in spans:
        plays[span.start : span.end] = True
    level = signals.rms(music[plays])
    return signals.rms(rest) * 10 ** (snr_db / 20) / level if level > signals.FLOOR else 0.0


def true_cue(film: Film, cue: Cue, span: Span, snr_db: float) -> tuple:
    start_s, end_s = (cue.film_start_s + at / RATE_HZ for at in (span.start, span.end))
    return (
        *(film.film_id, span.track_id, start_s, end_s, span.track_start_s, snr_db, cue.decoy),
        *(span.tempo, span.semitones, span.layer),
    )


def ducking(activity: np.ndarray, start: int, length: int, depth_db: float) -> np.ndarray:
    """Amplitude factor of music that is `depth_db` softer while there is speech."""
    smoothed = np.convolve(activity, np.ones(41, np.float32) / 41, mode="same")
    reduced = 1 - smoothed * (1 - 10 ** (-depth_db / 20))
    at = np.arange(start, start + length) / STEP
    return np.interp(at, np.arange(len(reduced)), reduced).astype(np.float32)


def read_background(film: Film, stage: Stage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Speech, effects and activity of the speech of a film; long films repeat a short one.

    Films with the same number and seed share a background, whatever the treatment.
    """
    length = samples(film.length_s)
    if not film.cues:
        return make_background(film, length, stage)
    short = next(other for other in stage.plan.films if other.album_id == film.album_id)
    period = samples(short.length_s)
    folder = stage.cache / "backgrounds" / digest([short], stage)
    if not (folder / "activity.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        speech, effects, activity = make_background(short, period, stage)
        soundfile.write(folder / "speech.flac", speech, RATE_HZ)
        soundfile.write(folder / "effects.flac", effects, RATE_HZ)
        np.save(folder / "activity.npy", activity)
    speech, effects = (
        repeat(soundfile.read(folder / f"{name}.flac", dtype="float32")[0], length)
        for name in ("speech", "effects")
    )
    activity = np.load(folder / "activity.npy")[: period // STEP]
    return speech, effects, np.resize(activity, length // STEP + 2)


def repeat(sound: np.ndarray, length: int) -> np.ndarray:
    return np.tile(sound, (-(-length // len(sound)), 1))[:length]


def make_background(film: Film, length: int, stage: Stage):
    rng = np.random.default_rng([film.seed, int(film.film_id.split("_")[1]), not film.cues])
    speech, activity = mix_background(length, stage.speech, silence, rng)
    effects, _ = mix_background(length, silence, stage.effects, rng)
    return speech, effects, activity


def silence(rng: np.random.Generator) -> np.ndarray:
    return np.zeros(RATE_HZ, np.float32)


def commentary(film: Film, stage: Stage, sound: np.ndarray) -> np.ndarray:
    """A stream of talk over the film, which is 12 dB softer while there is talk."""
    rng = np.random.default_rng([film.seed, 7])
    talk, activity = mix_background(len(sound), stage.speech, silence, rng)
    softer = sound * ducking(activity, 0, len(sound), 12.0)[:, None]
    mixed = talk * np.float32(signals.rms(sound) / signals.rms(talk)) + softer
    return mixed * np.float32(PEAK / np.abs(mixed).max())


def encode(streams: list[np.ndarray], treatment: Treatment, path: Path) -> None:
    """Encode the streams of a film with FFmpeg."""
    codec, bit_rate = treatment.codec
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    with tempfile.TemporaryDirectory() as folder:
        waves = [Path(folder) / f"{number}.wav" for number in range(len(streams))]
        for wave, sound in zip(waves, streams, strict=True):
            soundfile.write(wave, sound, RATE_HZ)
            command += ["-i", str(wave)]
        for number in range(len(streams)):
            command += ["-map", f"{number}:a"]
        made = Path(folder) / path.name
        command += ["-c:a", codec, "-b:a", bit_rate, str(made)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        shutil.move(made, path)
