"""The weights of pretrained networks, and which networks a run can have."""

from snakemake.logging import logger

from scorelens import pretrained, retrieval, tagger, trailers
from scorelens.albums.files import estimate_tracks
from scorelens.encoders.registry import ENCODERS
from scorelens.tagger import label_filter as tagger_choice

DOWNLOADS = "results/pretrained/downloads"


def fitting_taggers():
    """The models of the tagger that the corpus can teach: all, or none."""
    if PUBLISHED:
        return []
    settings = config["tagger"]
    labels = {}
    for film in FILMS.values():
        labels.setdefault(film.album, set()).update(film.genres)
    albums = [(own, estimate_tracks(album.files)) for album, own in labels.items()]
    genres = tagger_choice.teachable(settings["genres"], albums, settings["least_tracks"])
    if len(genres) > 1 or not settings["models"]:
        return settings["models"]
    logger.warning(
        "the tagger is left out: it wants two genres of tagger.genres or more, each with "
        f"{settings['least_tracks']} tracks (tagger.least_tracks) of two films or more; "
        f"the corpus has: {', '.join(genres) or 'none'}"
    )
    return []


def asked_networks():
    """The networks that the run needs weights for; embeddings that were published need none."""
    embeds = any(tagger.MODELS[model] == "embedding" for model in config["tagger"]["models"])
    of_tagger = [config["tagger"]["embedding"]] if embeds else []
    of_features = [] if PUBLISHED else config["features"]["sets"]
    asked = dict.fromkeys([*of_features, *of_tagger, *retrieval_networks(), *trailer_networks()])
    return [name for name in asked if name in ENCODERS]


def asked_configurations():
    """The models of retrieval, if there is a table of films to teach them."""
    settings = config["retrieval"]
    if settings["films"] or config["corpus"]["kind"] == "demo":
        return settings["configurations"]
    if settings["searches"] or settings["libraries"]:
        logger.warning(
            "retrieval.searches and retrieval.libraries are left alone: "
            "retrieval.films names no table of films to learn from"
        )
    return []


def retrieval_networks():
    """The networks that look at the pictures, read the words and hear the tracks of retrieval."""
    settings = config["retrieval"]
    found = [settings["audio"]] if settings["configurations"] else []
    if any(map(retrieval.sees_image, settings["configurations"])):
        found.append(settings["image"])
    if any(map(retrieval.text_segment, settings["configurations"])):
        found.append(settings["text"])
    return found


def asked_trailers():
    """The models of trailers, if there is a table of trailers to teach them."""
    has_any = config["trailers"]["trailers"] or config["corpus"]["kind"] == "demo"
    return config["trailers"]["models"] if has_any else []


def trailer_networks():
    """The networks that look at the frames of trailers and hear their sound."""
    settings = config["trailers"]
    return [
        name
        for arm in ("frame", "sound")
        for name in settings[f"{arm}_networks"]
        if any(model in settings["models"] for model in (f"{arm}_linear", f"{arm}_attention"))
    ]


def present_trailers():
    """The models of trailers without those that no network is left for."""
    settings = config["trailers"]
    lost = {
        f"{arm}_{kind}"
        for arm in ("frame", "sound")
        for kind in ("linear", "attention")
        if not settings[f"{arm}_networks"]
    }
    left = [model for model in settings["models"] if model not in lost]
    return [model for model in left if model != trailers.FUSION or not lost & {*trailers.FUSED}]


def present_configurations():
    """The models of retrieval of which no network is absent."""
    settings = config["retrieval"]
    return [
        name
        for name in settings["configurations"]
        if settings["audio"] not in ABSENT
        and not (retrieval.sees_image(name) and settings["image"] in ABSENT)
        and not (retrieval.text_segment(name) and settings["text"] in ABSENT)
    ]


def absent_networks():
    """The networks that the config asks for and that cannot be had: name -> why, and what to do."""
    place = config["pretrained"]
    asked = asked_networks()
    fetched = [name for name in asked if os.path.isfile(f"results/pretrained/{name}.safetensors")]
    reasons = {
        name: pretrained.reason_absent(name, place["folder"], place["offline"], DOWNLOADS)
        for name in asked
        if name not in fetched
    }
    return {name: reason for name, reason in reasons.items() if reason}


try:
    pretrained.check_folder(config["pretrained"]["folder"])
except InputError as error:
    raise WorkflowError(str(error)) from None

config["tagger"]["models"] = fitting_taggers()
config["retrieval"]["configurations"] = asked_configurations()
config["trailers"]["models"] = asked_trailers()
ABSENT = absent_networks()
# From here on the config names the sets that the run has; the report names the others.
config["features"]["sets"] = [name for name in config["features"]["sets"] if name not in ABSENT]
if config["tagger"]["embedding"] in ABSENT:
    config["tagger"]["models"] = [
        model for model in config["tagger"]["models"] if tagger.MODELS[model] != "embedding"
    ]
config["retrieval"]["configurations"] = present_configurations()
for arm in ("frame_networks", "sound_networks"):
    config["trailers"][arm] = [name for name in config["trailers"][arm] if name not in ABSENT]
config["trailers"]["models"] = present_trailers()
USED_NETWORKS = asked_networks()
for network, reason in ABSENT.items():
    logger.warning(f"{network}, and what needs it, is left out: {reason}")
if not config["features"]["sets"]:
    raise WorkflowError("no feature set is left: every set of features.sets lacks its weights")


rule fetch_pretrained:
    """Get the published files of one network, check them, and keep their variables."""
    output:
        variables="results/pretrained/{network}.safetensors",
    log:
        "logs/fetch_pretrained/{network}.log",
    benchmark:
        "results/benchmarks/fetch_pretrained/{network}.tsv"
    wildcard_constraints:
        network="|".join(ENCODERS),
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("fetch_pretrained"),
        runtime=duration("fetch_pretrained"),
    params:
        source=source_hash("fetch_pretrained"),
        downloads=DOWNLOADS,
    script:
        "../../scripts/fetch_pretrained.py"


rule list_pretrained:
    """List the networks: which the run uses, and which were left out and why."""
    output:
        status="results/pretrained/status.tsv",
    log:
        "logs/list_pretrained.log",
    benchmark:
        "results/benchmarks/list_pretrained.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("list_pretrained"),
        runtime=duration("list_pretrained"),
    params:
        source=source_hash("list_pretrained"),
        used=USED_NETWORKS,
        absent=ABSENT,
    script:
        "../../scripts/list_pretrained.py"
