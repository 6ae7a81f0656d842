"""Live search on real music: likeness of albums, words by labels, and time with 100,000 tracks.

    python benchmarks/live_search.py                 time alone, on made-up tracks
    python benchmarks/live_search.py FOLDER          FOLDER has a folder of music for each album

The index of FOLDER, and the variables of MusiCNN and of the network of words, are kept in
--results. Words and what counts as labelled with them are in `live_search_words.tsv`, written
before the first result.
Times are those of `Index.search`, and, where Chromium is there, from the key `Enter` on the page
until its first hit is drawn; server and browser share the cores that the process may use
(`taskset --cpu-list 0 python benchmarks/live_search.py` for one).
"""

import argparse
import json
import os
import re
import resource
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens import media
from scorelens.albums.files import is_cue, list_files
from scorelens.live_search import Like, Query
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.index import Index, Networks
from scorelens.live_search.library import file_digest, folder_sources, update
from scorelens.live_search.likeness import unit
from scorelens.live_search.opening import load_bridge, network_file
from scorelens.live_search.passages import encode
from scorelens.live_search.tags import tag_layer
from tests.browser import BROWSER, forbid_realtime_priority, wait_until
from tests.search_tables import served

WORDS = Path(__file__).with_name("live_search_words.tsv")
FIRST = 10
MFCCS, MFCC_S, RATE_HZ = 20, 60.0, 22_050
DRAWS, SEED = 2000, 1234
SYNTHETIC, SYNTHETIC_PASSAGES = 100_000, 6
# Resolves when the frame with the hits was drawn.
ENTER = """() => new Promise(done => {
    const start = performance.now();
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(
        () => done(performance.now() - start)));
    new MutationObserver((_, observer) => { observer.disconnect(); drawn(); })
        .observe(document.querySelector("#hits tbody"), { childList: true });
    document.getElementById("query").requestSubmit();
})"""
SYNTHETIC_WORDS = ("a sad song at night", "fast and loud", "piano", "calm sea", "a happy dance")


def main():
    options = parse()
    layer = tag_layer(network_file(options.results, "musicnn", fetch=True))
    bridge = load_bridge(options.text, network_file(options.results, options.text, fetch=True))
    figures = {}
    if options.folder:
        index, labels, mfcc = real_index(options, layer, bridge)
        figures |= same_album(index, mfcc) | words_by_labels(index, labels)
    if not options.real_only:
        figures |= synthetic(layer, bridge)
    print(json.dumps(figures))


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--results", type=Path, default=Path("live_search_benchmark"))
    parser.add_argument("--tracks", type=int, default=7, help="of an album at most, spread evenly")
    parser.add_argument("--passages", type=int, default=4, help="of a track at most")
    parser.add_argument("--text", default="minilm", help="network of words: minilm or mpnet")
    parser.add_argument("--real-only", action="store_true")
    return parser.parse_args()


def real_index(options, layer, bridge):
    """Index a sample of each album: index, table of labels, and mean MFCCs of each track."""
    from scorelens.retrieval.embed.fragments import load_fragment_encoder

    files = []
    for album in sorted(p for p in options.folder.iterdir() if p.is_dir() and p.name[0] != "."):
        names = [os.path.relpath(f, options.folder) for f in list_files(album) if not is_cue(f)]
        chosen = np.linspace(0, len(names) - 1, min(options.tracks, len(names))).round()
        files += [names[int(number)] for number in chosen]
    encoder = load_fragment_encoder("musicnn", options.results / "pretrained/musicnn.safetensors")
    encode_one = partial(encode, encoder=encoder, detector=None, passages=options.passages)
    start = time.process_time()
    stored = update(
        options.results / "music.npz", folder_sources("music", options.folder, files), encode_one
    )
    names = stored.tracks["track_id"].str.removeprefix("music/")
    stored.tracks["folder_album"] = names.str.split("/").str[0]
    minutes = stored.tracks["length_s"].sum() / 60
    print(
        f"{len(stored)} of {len(files)} files are tracks, in {stored.tracks.folder_album.nunique()}"
        f" albums, {minutes:.0f} min, {time.process_time() - start:.0f} s of CPU to index"
    )
    labels = [label_text(options.folder / name) for name in names]
    mfcc = kept_mfcc(options.results / "mfcc.npz", options.folder, names)
    return Index(stored, layer, Networks(lambda: bridge, None)), labels, mfcc


def label_text(path):
    """What a file says of itself: title, name, genre, comment and description."""
    import mutagen

    tags = mutagen.File(path, easy=True) or {}
    wanted = ("title", "genre", "comment", "comments", "description")
    texts = [" ".join(map(str, tags[name])) for name in wanted if name in tags]
    return " | ".join([re.sub(r"[_-]+", " ", path.stem), *texts]).lower()


def kept_mfcc(kept, folder, names):
    """Mean MFCCs of the middle minute of each track, (tracks, 20), measured once."""
    import librosa

    stored = dict(np.load(kept)) if kept.exists() else {}
    for name in names:
        key = f"{name} {file_digest(folder / name)}".replace("/", "|")
        if key not in stored:
            first_s = max(0.0, (media.probe(folder / name).sound_s - MFCC_S) / 2)
            sound = media.Sound(str(folder / name), first_s, first_s + MFCC_S)
            samples = media.read_audio(sound, RATE_HZ)
            stored[key] = librosa.feature.mfcc(y=samples, sr=RATE_HZ, n_mfcc=MFCCS).mean(1)
    np.savez(kept, **stored)
    keys = (f"{name} {file_digest(folder / name)}".replace("/", "|") for name in names)
    return np.array([stored[key] for key in keys])


def same_album(index, mfcc):
    """Precision@10 of `same album`: likeness, MFCC means, chance; intervals over albums."""
    tracks = index.catalogue.tracks
    album = pd.factorize(tracks["folder_album"])[0]
    by_id = dict(zip(tracks["track_id"], album, strict=True))
    likeness = [
        np.mean([by_id[h.track_id] == own for h in index.search(Query(like=Like(i), limit=FIRST))])
        for i, own in by_id.items()
    ]
    placed = unit((mfcc - mfcc.mean(0)) / mfcc.std(0))
    cosines = placed @ placed.T
    np.fill_diagonal(cosines, -2)
    nearest = np.argsort(-cosines, axis=1)[:, :FIRST]
    by_mfcc = (album[nearest] == album[:, None]).mean(1)
    sizes = np.bincount(album)[album]
    scores = {
        "likeness": np.array(likeness),
        "mfcc": by_mfcc,
        "chance": (sizes - 1) / (len(album) - 1),
        "highest": np.minimum(sizes - 1, FIRST) / FIRST,
    }
    scores["likeness_less_mfcc"] = scores["likeness"] - scores["mfcc"]
    figures = {f"album_{name}": interval(values, album) for name, values in scores.items()}
    for name, values in figures.items():
        print(f"{name:28} {values[0]:.3f} [{values[1]:.3f}, {values[2]:.3f}]")
    return figures


def interval(values, cluster):
    """Mean over tracks, with a 95% interval by resampling clusters: [mean, low, high]."""
    sums, counts = np.bincount(cluster, values), np.bincount(cluster)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(counts), (DRAWS, len(counts)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    bounds = np.quantile(means, [0.025, 0.975])
    return [round(float(v), 4) for v in (values.mean(), *bounds)]


def words_by_labels(index, labels):
    """Precision@10 of the words against the labels that the files have; intervals over words."""
    words = pd.read_csv(WORDS, sep="\t", keep_default_na=False)
    rows = []
    for word in words.itertuples():
        relevant = np.array([bool(re.search(word.label, text)) for text in labels])
        hits = index.search(Query(words=word.words, limit=len(labels)))
        order = [index.rows[hit.track_id] for hit in hits]
        rows.append(
            {
                "kind": word.kind,
                "words": word.words,
                "labelled": int(relevant.sum()),
                "chance": relevant.mean(),
                "precision": relevant[order[:FIRST]].mean(),
                "auc": area(relevant[order]),
                "why": hits[0].why,
            }
        )
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="%.3f"))
    judged = table[table["labelled"] > 0]
    labelled = int(table["labelled"].sum())
    print(f"{len(judged)} of {len(table)} words have a labelled track, {labelled} labels")
    figures = {"words_judged": len(judged), "word_labels": labelled}
    for kind in ("all", *table["kind"].unique()):
        part = judged if kind == "all" else judged[judged["kind"] == kind]
        for name in ("precision", "chance", "auc"):
            figures[f"words_{kind}_{name}"] = interval(part[name].to_numpy(), np.arange(len(part)))
        gain = (part["precision"] - part["chance"]).to_numpy()
        figures[f"words_{kind}_gain"] = interval(gain, np.arange(len(part)))
    for name, values in figures.items():
        print(f"{name:28} {values}")
    return figures


def area(relevant):
    """Chance that a labelled track ranks before another, of a ranking: 0.5 for a random one."""
    if relevant.all() or not relevant.any():
        return np.nan
    before = np.cumsum(~relevant)[relevant]
    return 1 - before.mean() / (~relevant).sum()


def synthetic(layer, bridge):
    """Time of answers among 100,000 made-up tracks."""
    rng = np.random.default_rng(SEED)
    count = SYNTHETIC * SYNTHETIC_PASSAGES
    values = rng.normal(size=(count, 200)).astype(np.float16)
    rows = {"track_id": [f"synthetic/{n}" for n in range(SYNTHETIC)]}
    frame = pd.DataFrame(rows, columns=[*catalogues.TEXTS, *catalogues.NUMBERS])
    frame = frame.astype(dict.fromkeys(catalogues.NUMBERS, float))
    frame[[*catalogues.TEXTS[1:]]] = ""
    frame["path"], frame["file_start_s"] = frame["track_id"], 0.0
    track = np.repeat(np.arange(SYNTHETIC), SYNTHETIC_PASSAGES)
    start_s = 10.0 * (np.arange(count) % SYNTHETIC_PASSAGES)
    stored = catalogues.Catalogue(frame, track, start_s, values)
    start = time.perf_counter()
    index = Index(stored, layer, Networks(lambda: bridge, None))
    opened_s = time.perf_counter() - start
    figures = {"synthetic_open_s": round(opened_s, 2)}
    queries = {
        "words": [Query(words=words) for words in SYNTHETIC_WORDS],
        "like": [Query(like=Like(f"synthetic/{n}")) for n in (5, 77, 4321, 50_000, 99_999)],
    }
    queries["both"] = [
        Query(words=one.words, like=two.like)
        for one, two in zip(queries["words"], queries["like"], strict=True)
    ]
    for name, searches in queries.items():
        wall, cpu = zip(*(timed(index, one) for one in searches), strict=True)
        figures |= {
            f"{name}_first_ms": round(wall[0]),
            f"{name}_median_ms": round(float(np.median(wall))),
            f"{name}_cpu_ms": round(float(np.median(cpu))),
        }
    figures |= in_browser(index)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for name, value in figures.items():
        print(f"{name:28} {value}")
    return figures


def in_browser(index):
    """Milliseconds from `Enter` on the page until the first hit is drawn: first, and median."""
    if not BROWSER:
        return {}
    from playwright.sync_api import sync_playwright

    forbid_realtime_priority()
    times = []
    with served(index) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}/search")
        wait_until(page, "document.getElementById('about').textContent.includes('tracks')")
        for words in SYNTHETIC_WORDS:
            page.fill("#words", words)
            times.append(page.evaluate(ENTER))
        browser.close()
    return {"browser_first_ms": round(times[0]), "browser_median_ms": round(np.median(times))}


def timed(index, query):
    """Milliseconds of one search: of the clock, and of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    index.search(query)
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


if __name__ == "__main__":
    main()
