"""The plan of the run, and the input functions over films, albums and models."""

import importlib.util
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

# The folder of this workflow, not of one that uses it as a module.
HOME = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent.parent
if not HOME.is_dir():
    # Fetched from a repository file by file: the rest comes from the installed package.
    HOME = Path(importlib.util.find_spec("scorelens").origin).parent / "_workflow"
# Scripts run in processes of their own and find the package here, installed or not.
sys.path.insert(0, str(HOME))
os.environ.update(
    PYTHONPATH=os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH")]))
)
# The Slurm executor looks here. A profile could name the file only as seen from one folder.
os.environ.setdefault(
    "SNAKEMAKE_SLURM_PARTITIONS", str(HOME / "profiles" / "slurm" / "partitions.yaml")
)

from scorelens import result_paths
from scorelens.config import complete
from scorelens.errors import InputError, list_problems
from scorelens.paths import unwatched, watched
from scorelens.plan import make_plan
from scorelens.rule_defaults import complete_rules, rules_by_name

try:
    # The defaults, as `snakemake.utils.validate` would fill them in; no rule changes the config.
    config.update(complete(config, HOME / "workflow" / "schemas"))
    PLAN = make_plan(config, warn=logger.warning)
except InputError as error:
    raise WorkflowError(list_problems(error, "logs/problems.txt")) from None

GPU = config["resources"]["gpu"]


wildcard_constraints:
    album="[a-z0-9_]+",
    film="[a-z0-9_]+",
    library="[a-z0-9_]+",
    model="[a-z0-9_]+",
    name="[a-z0-9_]+",
    part="[a-z0-9_]+",
    set="[a-z0-9_]+",


def ancient_copy(path):
    """The output of a rule as an input whose changes do not count for this one.

    `ancient` itself would mark the output, and thus the inputs of all that use it.
    """
    return ancient(str(path))


def film_video(wildcards):
    """The video of the film of a job."""
    return PLAN.corpus.video(wildcards.film)


def watched_video(wildcards):
    """The same as an input, if Snakemake can watch it."""
    return watched([film_video(wildcards)])


def unwatched_video(wildcards):
    """The same as a parameter, if it cannot."""
    return unwatched([film_video(wildcards)])


def of_album(pattern):
    """An input function: the pattern for the album of the film of a job, if it has one."""

    def inputs(wildcards):
        album = PLAN.corpus.films[wildcards.film].album
        return pattern.format(album=album.album_id) if album.files else []

    return inputs


def checked_films():
    """The films in use; None if the film table has faults, which the check reports.

    With `on_bad_film: stop` that is every film of the table, so that the graph is known at once.
    With `skip` it is the films that the check passed.
    """
    if not PLAN.corpus.skips_bad_films:
        return None if PLAN.corpus.has_faulty_rows else list(PLAN.corpus.films)
    table = Path(checkpoints.gather_corpus.get().output.films)
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    return [row.split("\t")[0] for row in rows]


def over_films(pattern, choose=lambda films: films, wildcard="film"):
    """An input function: the pattern for what `choose` makes of the films in use.

    Other wildcards stay open. A function of the film may take the place of the pattern, such as
    `PLAN.cues.table`. If the film table has faults, the input is the table of the check,
    at which the run ends.
    """

    def inputs(wildcards):
        films = checked_films()
        if films is None:
            return result_paths.FILM_TABLE
        if callable(pattern):
            return [pattern(film) for film in choose(films)]
        return expand(pattern, **{wildcard: choose(films)}, allow_missing=True)

    return inputs


def used_films(pattern):
    """An input function: the pattern for every film in use."""
    return over_films(pattern)


def used_albums(pattern):
    """An input function: the pattern for every album of a film in use."""
    films = PLAN.corpus.films
    return over_films(
        pattern,
        lambda used: dict.fromkeys(films[film].album.album_id for film in used),
        wildcard="album",
    )


def media_films(pattern):
    """`used_films`, or nothing if the corpus has no media to make the pattern from."""
    return [] if PLAN.corpus.is_published else used_films(pattern)


def annotated_films(pattern):
    """An input function: the pattern for every annotated film in use."""
    annotated = PLAN.cues.annotated_films
    return over_films(pattern, lambda used: [film for film in used if film in annotated])


def corrected_films(pattern):
    """An input function: the pattern for every film in use whose cues the user corrects."""
    corrections = PLAN.cues.corrections
    return over_films(pattern, lambda used: [film for film in used if film in corrections])


def film_cues(wildcards):
    """The cues of the film of a job: the corrected ones, if there are any."""
    return PLAN.cues.table(wildcards.film)


def retrieval_films(pattern):
    """An input function: the pattern for every film of retrieval that is in use."""

    def choose(used):
        outside = (film for film in PLAN.retrieval.films if not PLAN.retrieval.is_of_corpus(film))
        in_use = {*used, *outside}
        return [film for film in PLAN.retrieval.films if film in in_use]

    return over_films(pattern, choose)


def scene_films(pattern):
    """An input function: the pattern for every film of the corpus whose scenes may be evaluated."""
    later = PLAN.retrieval.test_films()
    return over_films(pattern, lambda used: [film for film in used if film in later])


def retrieval_batches(wildcards):
    """The tables of the tracks of the films of retrieval that are in use."""
    films = retrieval_films("{film}")(wildcards)
    if films == result_paths.FILM_TABLE:
        return films
    used = set(films)
    return [
        result_paths.RETRIEVAL_ALBUMS.format(batch=number)
        for number, batch in enumerate(PLAN.retrieval.batches)
        if used & set(batch)
    ]


def library_parts(pattern):
    """An input function: the pattern for every part of a library."""
    return lambda wildcards: expand(
        pattern, part=PLAN.tagger.parts_of(wildcards.library), library=wildcards.library
    )


def indexed_films(wildcards, input):
    """The films of retrieval whose fragments are an input; none while the check may leave out some."""
    used = {Path(path).stem for path in input.albums}
    films = PLAN.retrieval.films.values()
    return [(film.film_id, film.title) for film in films if film.film_id in used]


def genre_run(pattern, run):
    """The pattern for a genre model: a feature set and a model."""
    return pattern.format(set=run[0], model=run[1])


def trailer_run(pattern, run):
    """The pattern for a model of trailers: a network and a model."""
    return pattern.format(network=run[0], model=run[1])


def variables(network):
    """The variables of a pretrained network."""
    return result_paths.PRETRAINED_VARIABLES.format(network=network)


def scenes_by(network):
    """The scenes of a film, embedded by an image network; the film is left open."""
    return result_paths.SCENES.format(network=network, film="{film}")
