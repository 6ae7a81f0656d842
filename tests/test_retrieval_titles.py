"""Tests of track titles and credits in the retrieval index and in searches."""

import mutagen
import numpy as np
import pandas as pd
import soundfile

from scorelens import tables
from scorelens.albums.reading import read_album
from scorelens.retrieval.embed import embed_tracks
from scorelens.retrieval.search import track_index
from scorelens.retrieval.search.query_encoder import QueryEmbeddings
from scorelens.retrieval.search.search import _query_tracks
from scorelens.retrieval.search.search_config import Search
from tests.album_tables import titled_tracks

CUE_SHEET = """PERFORMER "Jo Field"
TITLE "Days"
FILE "days.flac" WAVE
 TRACK 01 AUDIO
  TITLE "Dawn"
  INDEX 01 00:00:00
 TRACK 02 AUDIO
  TITLE "Dusk"
  INDEX 01 00:06:00
"""
LOG_MEL = embed_tracks.EncodingSettings("cnn_transformer", 2, None, "code")


def write_audio(path, **tags):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.sin(np.arange(12 * 8000) / 3) / 2, 8000)
    if tags:
        file = mutagen.File(path)
        file.update(tags)
        file.save()


def test_cue_sheet_tracks_have_their_own_times_and_titles(tmp_path):
    write_audio(tmp_path / "days.flac")
    (tmp_path / "days.cue").write_text(CUE_SHEET)
    tracks = read_album(tmp_path, sorted(tmp_path.iterdir())).tracks.assign(film_id="f")
    tables.write_table(tracks, tmp_path / "t.tsv", tables.TRACKS)
    (album,) = track_index.film_albums([("f", "Film")], ["sound"], [tmp_path / "t.tsv"])
    rows = pd.DataFrame([album.row(track_id) for track_id in tracks.track_id])
    assert rows["track_title"].tolist() == ["Dawn", "Dusk"]
    assert rows["artist"].tolist() == ["Jo Field"] * 2
    assert rows["album"].tolist() == ["Days"] * 2
    assert rows["start_s"].tolist() == [0, 6]
    assert rows["end_s"].fillna(-1).tolist() == [6, -1]
    assert set(rows) == set(tables.RETRIEVAL_INDEX.names)


def test_album_without_tracks_has_no_rows(tmp_path):
    tables.write_table(titled_tracks("f"), tmp_path / "t.tsv", tables.TRACKS)
    (album,) = track_index.film_albums([("f", "Film")], ["sound"], [tmp_path / "t.tsv"])
    assert album.tracks == {}


def test_library_tracks_are_titled_by_their_file_tags(tmp_path):
    write_audio(tmp_path / "music/a.flac", title="Élan & <Co>", composer="Jo Field", album="Days")
    write_audio(tmp_path / "music/cd 1/b.flac")
    files = ["a.flac", "cd 1/b.flac"]
    table = tmp_path / "part.tsv"
    embed_tracks.embed_library_part(
        tmp_path / "music", files, tmp_path / "part.npz", LOG_MEL, table
    )
    (part,) = track_index.library_parts([("mine", "music")], [tmp_path / "part.npz"], [table])
    first, second = (part.row(file) for file in files)
    assert set(first) == set(tables.RETRIEVAL_INDEX.names)
    assert (first["track_title"], first["composer"], first["album"]) == (
        "Élan & <Co>", "Jo Field", "Days",
    )  # fmt: skip
    assert (second["track_title"], second["artist"]) == ("b", "")
    assert (second["track_id"], second["path"]) == ("b", "music/cd 1/b.flac")


def test_query_file_is_titled_by_its_tags(tmp_path):
    write_audio(tmp_path / "x.flac", title="Dawn", artist="Jo Field")
    search = Search("like", track=str(tmp_path / "x.flac"))
    no_embeddings = QueryEmbeddings({}, {}, {}, {}, {})
    assert _query_tracks([search, Search("words", "Dusk")], no_embeddings, pd.DataFrame()) == {
        "like": {
            **{"title": None, "path": search.track, "part": "", "track_title": "Dawn"},
            **{"artist": "Jo Field", "composer": "", "album": ""},
        }
    }
