"""Retrieval: which track fits a film, a plot, a picture, a scene?"""

from scorelens.retrieval.data import films as described_films
from scorelens.retrieval.demo import demo_plan as retrieval_demo_plan

RETRIEVAL = config["retrieval"]
CONFIGURATIONS = RETRIEVAL["configurations"]
RETRIEVAL_FIGURES = ("recall", "ablation", "curves")
SOUND_ENDING = {"musicnn": "parquet", "cnn_transformer": "npz"}[RETRIEVAL["audio"]]
TRACKS_AT_ONCE = 60  # that a job hears, with its network loaded once


def read_described():
    """The films that retrieval knows: those of the corpus, and others of which there is an album."""
    if not CONFIGURATIONS:
        return {}
    corpus = {} if PUBLISHED else FILMS
    if RETRIEVAL["films"]:
        found = described_films.read_films(RETRIEVAL["films"], corpus)
    else:
        found = retrieval_demo_plan.demo_films(list(corpus.values()), config["seed"])
    return {film.film_id: film for film in found}


try:
    DESCRIBED = read_described()
except InputError as error:
    raise WorkflowError(str(error)) from None

SEES = any(map(retrieval.sees_image, CONFIGURATIONS))
READS = any(map(retrieval.text_segment, CONFIGURATIONS))


def read_segments():
    """The texts that models are asked with: tags, the plot, or both together."""
    wanted = set()
    for name in CONFIGURATIONS:
        words = [part for part in retrieval.CONFIGURATIONS[name] if part != "image"]
        wanted |= {words[0], words[-1], "_".join(words)} if words else set()
    return sorted(wanted)


def of_corpus(film):
    return film in FILMS and not PUBLISHED


def corpus_tracks(film):
    """The table of the tracks of a film of the corpus."""
    return f"results/corpus/tracks/{film}.tsv" if of_corpus(film) else None


def known_features(film):
    """What MusiCNN says of each second of the tracks of a film of the corpus."""
    known = of_corpus(film) and RETRIEVAL["audio"] == "musicnn"
    return f"results/features/musicnn{WHOLE}/{film}.parquet" if known else None


def hearing_batches():
    """The films in batches, so that a job loads its network once for all of them.

    With `skip` a film of the corpus is its own: which are left over is known only while the
    workflow runs.
    """
    skips = config["corpus"]["on_bad_film"] == "skip"
    batches, tracks = [], TRACKS_AT_ONCE
    for film in DESCRIBED.values():
        alone = skips and of_corpus(film.film_id)
        if tracks >= TRACKS_AT_ONCE or alone:
            batches.append([])
            tracks = 0
        batches[-1].append(film.film_id)
        own = 1 if known_features(film.film_id) else estimate_tracks(film.album.files)
        tracks += TRACKS_AT_ONCE if alone else own
    return batches


def outside_files(films):
    """The files of the albums of those of some films that are outside the corpus."""
    outside = [film for film in films if not of_corpus(film)]
    return [path for film in outside for path in DESCRIBED[film].album.files]


def asks_musicnn(batch):
    """Whether a batch has a film of which no other job asks MusiCNN."""
    return RETRIEVAL["audio"] == "musicnn" and not all(map(known_features, batch))


def heard_films(pattern):
    """An input function: the pattern for every film of retrieval that is in use."""

    def inputs(wildcards):
        corpus = used_films("{film}")(wildcards)
        if corpus == FILM_TABLE:
            return corpus
        return expand(
            pattern, film=[film for film in DESCRIBED if not of_corpus(film) or film in corpus]
        )

    return inputs


def split_settings():
    """What the split of the films depends on: years, or shares."""
    keys = ("last_training", "first_test")
    if not RETRIEVAL["split"]["last_training"]:
        keys = ("last_training", "training", "validation")
    return {key: RETRIEVAL["split"][key] for key in keys}


def seen_parts():
    """The parts of films that models see, which decide who takes part; each is a configuration.

    Another model of the same parts thus leaves the films, and the other models, as they are.
    """
    return sorted({part for name in CONFIGURATIONS for part in retrieval.CONFIGURATIONS[name]})


def training_settings(wildcards):
    """The part of the configuration that the training of a model depends on."""
    settings = dict(RETRIEVAL["training"])
    if wildcards.configuration != retrieval.BASELINE:
        del settings["margin"]
    return settings


def view_tables(configuration=None):
    """The tables of pictures and words that a configuration, or any, looks at."""
    names = [configuration] if configuration else CONFIGURATIONS
    found = {}
    if any(map(retrieval.sees_image, names)):
        found["images"] = "results/retrieval/images.parquet"
    if any(map(retrieval.text_segment, names)):
        found["texts"] = "results/retrieval/texts.parquet"
    return found


if DESCRIBED and not RETRIEVAL["films"]:

    rule synthesize_retrieval:
        """Compose the pictures, the plots and the further albums of the demo."""
        output:
            table="results/retrieval/demo/films.tsv",
            files=retrieval_demo_plan.demo_files(list(FILMS.values()), config["seed"]),
        log:
            "logs/synthesize_retrieval.log",
        benchmark:
            "results/benchmarks/synthesize_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("synthesize_retrieval"),
            runtime=duration("synthesize_retrieval"),
        params:
            source=source_hash("synthesize_retrieval"),
            genres={film.film_id: film.genres for film in FILMS.values()},
            seed=config["seed"],
        script:
            "../../scripts/synthesize_retrieval.py"


if SEES:

    rule embed_images:
        """Look at the pictures of all films with a frozen network."""
        input:
            pictures=paths.watched(film.image for film in DESCRIBED.values()),
            weights=f"results/pretrained/{RETRIEVAL['image']}.safetensors",
        output:
            # What stands there is kept until the job has looked at it.
            table=update("results/retrieval/images.parquet"),
        log:
            "logs/embed_images.log",
        benchmark:
            "results/benchmarks/embed_images.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_images"),
            runtime=duration("embed_images"),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_images"),
            network=RETRIEVAL["image"],
            # A function, for Snakemake would take braces of a name for wildcards.
            pictures=lambda wildcards: {
                film.film_id: film.image for film in DESCRIBED.values() if film.image
            },
            unwatched=paths.unwatched(film.image for film in DESCRIBED.values()),
        script:
            "../../scripts/embed_images.py"


if READS:

    rule embed_texts:
        """Read the tags and the plots of all films with a frozen network."""
        input:
            plots=paths.watched(film.plot for film in DESCRIBED.values()),
            weights=f"results/pretrained/{RETRIEVAL['text']}.safetensors",
        output:
            table=update("results/retrieval/texts.parquet"),
        log:
            "logs/embed_texts.log",
        benchmark:
            "results/benchmarks/embed_texts.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_texts"),
            runtime=duration("embed_texts"),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("embed_texts"),
            network=RETRIEVAL["text"],
            segments=read_segments(),
            films=list(DESCRIBED),
            tags=[list(film.tags) for film in DESCRIBED.values()],
            plots=lambda wildcards: [film.plot for film in DESCRIBED.values()],
            unwatched=paths.unwatched(film.plot for film in DESCRIBED.values()),
        script:
            "../../scripts/embed_texts.py"


HEARING_BATCHES = hearing_batches()

for number, batch in enumerate(HEARING_BATCHES):

    rule embed_tracks:
        """Hear fragments of the tracks of a batch of films."""
        name:
            f"embed_tracks_{number}"
        input:
            files=paths.watched(outside_files(batch)),
            tracks=[path for path in map(corpus_tracks, batch) if path],
            features=[path for path in map(known_features, batch) if path],
            weights=[network_weights("musicnn")] if asks_musicnn(batch) else [],
            corpus=ancient("results/corpus/films.tsv") if any(map(of_corpus, batch)) else [],
        output:
            tracks=f"results/retrieval/albums/{number}.tsv",
            sounds=update(expand(f"results/retrieval/sounds/{{film}}.{SOUND_ENDING}", film=batch)),
        log:
            f"logs/embed_tracks/{number}.log",
        benchmark:
            f"results/benchmarks/embed_tracks/{number}.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("embed_tracks"),
            runtime=duration("embed_tracks"),
            gpu=config["resources"]["gpu"] * asks_musicnn(batch),
        params:
            source=source_hash("embed_tracks"),
            audio=RETRIEVAL["audio"],
            fragments_per_track=RETRIEVAL["fragments_per_track"],
            films=batch,
            # Functions, for Snakemake would take braces of a name for wildcards.
            folders=lambda wildcards, batch=batch: [DESCRIBED[film].album.folder for film in batch],
            files=lambda wildcards, batch=batch: [
                [] if of_corpus(film) else list(DESCRIBED[film].album.files) for film in batch
            ],
            corpus=list(map(corpus_tracks, batch)),
            unwatched=paths.unwatched(outside_files(batch)),
            features=list(map(known_features, batch)),
        script:
            "../../scripts/embed_tracks.py"


if CONFIGURATIONS:

    rule gather_retrieval:
        """Split the films by year, and gather the fragments of all their tracks."""
        input:
            **view_tables(),
            sounds=heard_films(f"results/retrieval/sounds/{{film}}.{SOUND_ENDING}"),
        output:
            films="results/retrieval/films.tsv",
            tracks="results/retrieval/tracks.tsv",
            fragments="results/retrieval/fragments.npy",
        log:
            "logs/gather_retrieval.log",
        benchmark:
            "results/benchmarks/gather_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("gather_retrieval"),
            runtime=duration("gather_retrieval"),
        params:
            source=source_hash("gather_retrieval"),
            films=[
                {key: getattr(film, key) for key in ("film_id", "title", "year", "tags")}
                for film in DESCRIBED.values()
            ],
            configurations=seen_parts(),
            split=split_settings(),
        script:
            "../../scripts/gather_retrieval.py"

    rule train_retrieval:
        """Train one model of retrieval, and place the test films and their tracks with it."""
        input:
            unpack(lambda wildcards: view_tables(wildcards.configuration)),
            films="results/retrieval/films.tsv",
            tracks="results/retrieval/tracks.tsv",
            fragments="results/retrieval/fragments.npy",
        output:
            model="results/retrieval/models/{configuration}.safetensors",
            curve="results/retrieval/curves/{configuration}.tsv",
            embeddings="results/retrieval/embeddings/{configuration}.parquet",
        log:
            "logs/train_retrieval/{configuration}.log",
        benchmark:
            "results/benchmarks/train_retrieval/{configuration}.tsv"
        wildcard_constraints:
            configuration="|".join(retrieval.CONFIGURATIONS),
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("train_retrieval"),
            runtime=duration("train_retrieval"),
            gpu=config["resources"]["gpu"],
        params:
            source=source_hash("train_retrieval"),
            encoders={key: RETRIEVAL[key] for key in ("image", "text", "audio")},
            settings=training_settings,
            seed=config["seed"],
            checkpoint="results/retrieval/models/{configuration}.checkpoint",
        script:
            "../../scripts/train_retrieval.py"

    rule score_retrieval:
        """Score the models of retrieval on films and tracks that none learnt from."""
        input:
            places=expand(
                "results/retrieval/embeddings/{configuration}.parquet", configuration=CONFIGURATIONS
            ),
        output:
            scores="results/retrieval/scores.tsv",
            ranks="results/retrieval/ranks.tsv",
        log:
            "logs/score_retrieval.log",
        benchmark:
            "results/benchmarks/score_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("score_retrieval"),
            runtime=duration("score_retrieval"),
        params:
            source=source_hash("score_retrieval"),
            samples=RETRIEVAL["bootstrap_repeats"],
            permutations=RETRIEVAL["permutation_repeats"],
            seed=config["seed"],
        script:
            "../../scripts/score_retrieval.py"

    rule plot_retrieval:
        """Draw how well films find their music, what each part adds, and how the models learnt."""
        input:
            scores="results/retrieval/scores.tsv",
            curves=expand(
                "results/retrieval/curves/{configuration}.tsv", configuration=CONFIGURATIONS
            ),
        output:
            recall=report(
                "results/retrieval/recall.svg",
                caption="../report/retrieval_recall.rst",
                category="Retrieval",
                labels={"figure": "how well films find their music"},
            ),
            ablation=report(
                "results/retrieval/ablation.svg",
                caption="../report/retrieval_ablation.rst",
                category="Retrieval",
                labels={"figure": "asked with less"},
            ),
            curves=report(
                "results/retrieval/curves.svg",
                caption="../report/retrieval_curves.rst",
                category="Retrieval",
                labels={"figure": "losses"},
            ),
        log:
            "logs/plot_retrieval.log",
        benchmark:
            "results/benchmarks/plot_retrieval.tsv"
        conda:
            "../../envs/scorelens.yaml"
        threads: 1
        resources:
            mem_mb=memory("plot_retrieval"),
            runtime=duration("plot_retrieval"),
        params:
            source=source_hash("plot_retrieval"),
        script:
            "../../scripts/plot_retrieval.py"
