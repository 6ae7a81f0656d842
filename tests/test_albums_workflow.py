"""Albums in the workflow: shared albums, files with CUE sheets, names with special characters."""

import shutil

import numpy as np
import pytest
import soundfile

from scorelens import tables
from scorelens.music import installed_detector
from tests import workflow_runs as runs

pytestmark = pytest.mark.slow

CONFIG = {
    "corpus": {"kind": "table", "films": "films.tsv"},
    "tagger": {"models": []},
    "trailers": {"models": []},
}
UNUSUAL_NAME = "A: {film} <b> #1 *?[z] $X & {} ü"


@pytest.fixture
def demo_film(demo_run):
    """The first film of the small demo: its folder, with `film.mp4` and `album`, and its cues."""
    folder = sorted((demo_run / "results/corpus/media").iterdir())[0]
    cues = demo_run / "results/cues/films" / f"{folder.name}.parquet"
    return folder, tables.read_table(cues, tables.CUES)


def write_films(work, albums):
    """Write a table of films with the same video. albums: film_id -> album."""
    lines = ["film_id\ttitle\tyear\tvideo\talbum\tgenres"]
    lines += [f"{film}\t{film}\t2001\tfilm.mp4\t{album}\tDrama" for film, album in albums.items()]
    (work / "films.tsv").write_text("\n".join(lines) + "\n")


def cues_of(work, film):
    return tables.read_table(work / f"results/cues/films/{film}.parquet", tables.CUES)


def test_album_of_several_films_is_indexed_once(shared_clone, demo_film, tmp_path):
    """Films share an album by folder, link or copy; adding a film does not index it again."""
    folder, expected_cues = demo_film
    shutil.copy(folder / "film.mp4", tmp_path)
    shutil.copytree(folder / "album", tmp_path / "music")
    shutil.copytree(folder / "album", tmp_path / "the same")
    (tmp_path / "link").symlink_to("music")
    albums = {"one": "music", "two": "music", "three": "link", "four": "the same"}
    write_films(tmp_path, albums)
    runs.finish(shared_clone, tmp_path, CONFIG, "--", "cues")
    listed, timed = (
        [path.stem for path in (tmp_path / "results/benchmarks" / rule).iterdir()]
        for rule in ("list_corpus", "index_fingerprints")
    )
    assert listed == timed
    assert len(timed) == 1
    index = tmp_path / f"results/fingerprints/{timed[0]}.npz"
    before = index.stat().st_mtime_ns
    for film in albums:
        predicted = cues_of(tmp_path, film).drop(columns="film_id")
        assert predicted.equals(expected_cues.drop(columns="film_id"))

    shutil.copytree(folder / "album", tmp_path / "a copy")  # sorts before `music`
    write_films(tmp_path, albums | {"five": "a copy"})
    planned = runs.planned(shared_clone, tmp_path, CONFIG, "--", "cues")
    over_all_films = ("gather_corpus", "compare_fingerprints", "group_corpus")
    over_all_films += ("summarize_cues", "plot_cue_summary", "summarize_levels")
    over_all_films += ("summarize_music", "plot_film_map")
    assert all(planned.pop(rule, set()) == set() for rule in over_all_films)
    of_a_film = {"check_corpus", "sketch_fingerprints", "match_cues"}
    of_a_film |= {"measure_levels"}
    of_a_film |= {"detect_music"} if installed_detector() else set()
    assert set(planned) == of_a_film
    assert all(films == {"five"} for films in planned.values())
    runs.finish(shared_clone, tmp_path, CONFIG, "--", "cues")
    assert index.stat().st_mtime_ns == before
    assert list(index.parent.glob("*.npz")) == [index]
    assert len(cues_of(tmp_path, "five")) == len(expected_cues)


def test_cues_of_a_file_with_cue_sheet_name_its_tracks(shared_clone, demo_film, tmp_path):
    folder, expected_cues = demo_film
    shutil.copy(folder / "film.mp4", tmp_path)
    (tmp_path / "music").mkdir()
    parts, starts, sheet = [], [0], 'PERFORMER "The Band"\nFILE "Album.wav" WAVE\n'
    for number, path in enumerate(sorted((folder / "album").iterdir()), 1):
        samples, rate_hz = soundfile.read(path)
        length = len(samples) // (rate_hz // 75) * (rate_hz // 75)  # CUE sheets count frames
        parts.append(samples[:length])
        minutes, frames = divmod(starts[-1] * 75 // rate_hz, 60 * 75)
        sheet += f'TRACK {number:02d} AUDIO\nTITLE "{path.stem[3:]}"\n'
        sheet += f"INDEX 01 {minutes:02d}:{frames // 75:02d}:{frames % 75:02d}\n"
        starts.append(starts[-1] + length)
    soundfile.write(tmp_path / "music/Album.flac", np.concatenate(parts), rate_hz)
    (tmp_path / "music/Album.cue").write_text(sheet)
    write_films(tmp_path, {"one": "music"})
    runs.finish(shared_clone, tmp_path, CONFIG, "--", "features")
    tracks = tables.read_table(tmp_path / "results/corpus/tracks.tsv", tables.TRACKS)
    assert tracks.track_id.str.startswith("album_0").all()
    assert tracks.start_s.tolist() == pytest.approx([s / rate_hz for s in starts[:-1]])
    predicted = cues_of(tmp_path, "one")
    assert predicted.track_id.tolist() == [
        f"album_{track_id}" for track_id in expected_cues.track_id
    ]
    times = ["film_start_s", "film_end_s", "track_start_s"]
    np.testing.assert_allclose(predicted[times], expected_cues[times], atol=0.05)
    mir = tmp_path / "results/features/mir/one.parquet"
    assert len(tables.read_table(mir, tables.FEATURES)) > 10


def test_names_with_snakemake_wildcards_are_processed(shared_clone, demo_film, tmp_path):
    """The folder and a file have such a name; a change of that file plans `list_corpus`."""
    folder, expected_cues = demo_film
    shutil.copy(folder / "film.mp4", tmp_path)
    album = tmp_path / "music" / UNUSUAL_NAME
    shutil.copytree(folder / "album", album)
    first_track = sorted(album.iterdir())[0]
    first_track.rename(album / f"{UNUSUAL_NAME}.flac")
    write_films(tmp_path, {"one": f"music/{UNUSUAL_NAME}"})
    runs.finish(shared_clone, tmp_path, CONFIG, "--", "cues")
    assert len(cues_of(tmp_path, "one")) == len(expected_cues)
    assert runs.planned(shared_clone, tmp_path, CONFIG, "--", "cues") == {}
    shutil.copy(sorted(album.iterdir())[0], album / f"{UNUSUAL_NAME}.flac")
    assert "list_corpus" in runs.planned(shared_clone, tmp_path, CONFIG, "--", "cues")
