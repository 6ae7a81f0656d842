"""Films with small pictures, encoded as they are mixed: H.264 and AC-3 in Matroska."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np
import pandas as pd
from cue_films.signals import RATE_HZ

from scorelens import tables
from scorelens.corpus.synthesis import pictures, timeline

from .sound import Scene

FRAMES = pictures.FrameFormat(width=160, height=90, frame_rate_hz=12)
KEY_FRAME_S = 10
VIDEO_OPTIONS = {"preset": "ultrafast", "crf": "28"}
SOUND_BIT_RATE = 128_000
LETTERBOXED = 1 / 3  # share of films with black bars


def make_film(film_id: str, scenes: Iterator[Scene], seed: int, path: Path, truth: Path) -> None:
    """Write a film and, last, its true cues (`tables.TRUTH`).

    Holds one scene at a time.
    """
    rng = np.random.default_rng([seed, 1])
    has_bars = bool(rng.random() < LETTERBOXED)
    rows: list[dict] = []
    with tables.atomic(path) as temporary:
        encode(temporary, _seconds(film_id, scenes, rows, has_bars, rng))
    tables.write_table(tables.as_typed(_frame(rows), tables.TRUTH), truth, tables.TRUTH)


def _frame(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=tables.TRUTH.names)


def _seconds(film_id, scenes, rows: list[dict], has_bars: bool, rng):
    """The pictures and the sound of each second in turn; the true cues are added to `rows`."""
    shots = pictures.painted_shots(pictures.all_genres, FRAMES)
    start = 0
    for sound, cue in scenes:
        end = start + len(sound)
        if cue:
            rows.append(
                {
                    **cue._asdict(),
                    "film_id": film_id,
                    "film_start_s": start / RATE_HZ,
                    "film_end_s": end / RATE_HZ,
                    "decoy": False,
                }
            )
        first, last = (round(at / RATE_HZ * FRAMES.frame_rate_hz) for at in (start, end))
        frames = shots(timeline.Scene(start, end), last - first, rng)
        frames = pictures.letterboxed(frames) if has_bars else frames
        for at in range(0, len(sound), RATE_HZ):
            count = FRAMES.frame_rate_hz if at + RATE_HZ < len(sound) else last - first
            yield (
                [frame for _, frame in zip(range(count), frames, strict=False)],
                sound[at : at + RATE_HZ],
            )
        start = end


def encode(path: Path, seconds: Iterable[tuple[list[np.ndarray], np.ndarray]]) -> None:
    """Encode pairs of pictures, uint8 BGR, and of sound, float32 (n, 2)."""
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream("libx264", rate=FRAMES.frame_rate_hz, options=VIDEO_OPTIONS)
        video.width, video.height, video.pix_fmt = FRAMES.width, FRAMES.height, "yuv420p"
        video.codec_context.thread_count = 1
        video.codec_context.gop_size = KEY_FRAME_S * FRAMES.frame_rate_hz
        audio = container.add_stream("ac3", rate=RATE_HZ, layout="stereo")
        audio.bit_rate = SOUND_BIT_RATE
        for frames, sound in seconds:
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="bgr24")
                container.mux(video.encode(picture))
            planes = np.ascontiguousarray(sound.T)
            block = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
            block.sample_rate = RATE_HZ
            container.mux(audio.encode(block))
        for stream in (video, audio):
            container.mux(stream.encode())
