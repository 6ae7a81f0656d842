"""Exported files read back by the libraries of their formats, with times equal to a frame."""

import re
import warnings
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
from pympi.Elan import Eaf

from tests.export_films import CLEAN, SPANS, TITLE, TRACKS, exported, make_film

# Rate of the film, and what it is exactly.
RATES = {
    23.976: Fraction(24000, 1001),
    25.0: Fraction(25),
    29.97: Fraction(30000, 1001),
    59.94: Fraction(60000, 1001),
}
LANES = [["cue_0000", "cue_0003", "cue_0004"], ["cue_0001"], ["cue_0002"]]
MARKER = re.compile(r"(.*) \|C:ResolveColor(\w+) \|M:(.*) \|D:(\d+)")

each_rate = pytest.mark.parametrize("rate_hz", list(RATES))


def spans_of(timeline, kind="Audio"):
    """Name, first frame and frame after the last of every clip, by track."""
    tracks = [track for track in timeline.tracks if track.kind == kind]
    offsets = [
        round(-track.source_range.start_time.value) if track.source_range else 0 for track in tracks
    ]
    return [
        [
            (
                clip.name,
                offset + round(clip.range_in_parent().start_time.value),
                offset + round(clip.range_in_parent().end_time_exclusive().value),
            )
            for clip in track.find_clips()
        ]
        for track, offset in zip(tracks, offsets, strict=True)
    ]


def expected_spans(film):
    by_id = {cue.cue_id: cue for cue in film.cues}
    lanes = [[by_id[cue_id] for cue_id in lane] for lane in LANES]
    return [[(cue.title, cue.in_frame, cue.out_frame) for cue in lane] for lane in lanes]


def local_path(url):
    return unquote(urlparse(url).path)


@each_rate
def test_opentimelineio_reads_its_time_line(tmp_path, rate_hz):
    film = make_film(tmp_path, rate_hz=rate_hz)
    timeline = otio.adapters.read_from_file(str(exported(film, "otio", tmp_path)))
    assert timeline.name == TITLE
    assert timeline.global_start_time == otio.opentime.RationalTime(0, float(RATES[rate_hz]))
    assert spans_of(timeline) == expected_spans(film)
    ((whole,),) = spans_of(timeline, "Video")
    assert whole == (TITLE, 0, round(3700 * RATES[rate_hz]))
    clip = timeline.tracks[2].find_clips()[0]
    assert clip.source_range.start_time.value == round(5.25 * RATES[rate_hz])
    assert clip.metadata["scorelens"]["isrc"] == "USABC1234567"
    assert local_path(clip.media_reference.target_url) == str(Path("album/t1.flac").absolute())
    assert local_path(timeline.video_tracks()[0][0].media_reference.target_url) == film.video


def test_opentimelineio_has_the_speed_and_the_part_of_a_shared_file(tmp_path):
    tracks = TRACKS.assign(start_s=[0.0, 100.0, 200.0, 300.0], path="album/whole.flac")
    film = make_film(tmp_path, tracks=tracks, speed=[1.0, 25 / 24, 1.0, 1.0, 1.0001])
    timeline = otio.adapters.read_from_file(str(exported(film, "otio", tmp_path)))
    clips = {clip.metadata["scorelens"]["cue_id"]: clip for clip in timeline.find_clips()[1:]}
    assert clips["cue_0001"].source_range.start_time.value == round(105.25 * 25)
    assert clips["cue_0001"].effects[0].time_scalar == pytest.approx(25 / 24)
    assert [len(clip.effects) for clip in clips.values()].count(0) == 4


@each_rate
def test_adapter_of_cmx_3600_reads_the_edl(tmp_path, rate_hz):
    film = make_film(tmp_path, rate_hz=rate_hz)
    path = exported(film, "edl", tmp_path)
    rate = float(RATES[rate_hz])
    timeline = otio.adapters.read_from_file(str(path), "cmx_3600", rate=rate)
    assert timeline.name == TITLE
    assert spans_of(timeline) == expected_spans(film)
    kind = "DROP FRAME" if rate_hz in (29.97, 59.94) else "NON-DROP FRAME"
    assert path.read_text(encoding="utf-8").splitlines()[1] == f"FCM: {kind}"
    starts = [round(clip.source_range.start_time.value) for clip in timeline.tracks[0].find_clips()]
    assert starts == [round(time_s * RATES[rate_hz]) for time_s in (0, 30, 1)]


def test_edl_of_a_cue_at_another_speed_has_it_in_frames_a_second(tmp_path):
    film = make_film(tmp_path, speed=[1.0, 25 / 24, 1.0, 1.0, 1.0001])
    text = exported(film, "edl", tmp_path).read_text(encoding="utf-8")
    assert re.findall(r"^M2 +AX +(\S+) +(\S+)$", text, re.M) == [("026.0", "00:00:05:06")]


@each_rate
def test_adapter_of_cmx_3600_reads_the_markers_of_resolve(tmp_path, rate_hz):
    film = make_film(tmp_path, rate_hz=rate_hz)
    path, rate = exported(film, "resolve", tmp_path), float(RATES[rate_hz])
    timeline = otio.adapters.read_from_file(str(path), "cmx_3600", rate=rate)
    hour = {23.976: 86400, 25.0: 90000, 29.97: 107892, 59.94: 215784}[rate_hz]
    clips = timeline.find_clips()
    starts = [round(clip.source_range.start_time.value) - hour for clip in clips]
    assert starts == [cue.in_frame for cue in film.cues]
    comments = [clip.metadata["cmx_3600"]["comments"][0].strip() for clip in clips]
    for cue, comment in zip(film.cues, comments, strict=True):
        note, colour, name, frames = MARKER.fullmatch(comment).groups()
        assert (name, colour) == (cue.title.replace("|", "\uff5c"), "Cyan")
        assert note == cue.label.replace("|", "\uff5c")
        assert int(frames) == cue.out_frame - cue.in_frame


def test_markers_of_resolve_are_on_different_frames(tmp_path):
    spans = (("t0", 1.0, 5.0, 0.0), ("t1", 1.0, 6.0, 0.0), ("t2", 1.01, 7.0, 0.0))
    text = exported(make_film(tmp_path, spans=spans), "resolve", tmp_path).read_text()
    assert re.findall(r"C {8}(\S+)", text) == ["01:00:01:00", "01:00:01:01", "01:00:01:02"]
    assert re.findall(r"\|D:(\d+)", text) == ["100", "124", "148"]


@each_rate
def test_final_cut_pro_xml_has_exact_times_and_connected_clips(tmp_path, rate_hz):
    film = make_film(tmp_path, rate_hz=rate_hz)
    document = ElementTree.parse(exported(film, "fcpxml", tmp_path)).getroot()
    rate = RATES[rate_hz]
    seconds = {
        (element, name): Fraction(element.get(name).removesuffix("s"))
        for element in document.iter()
        for name in ("offset", "start", "duration", "frameDuration")
        if element.get(name)
    }
    assert all((time * rate).denominator == 1 for time in seconds.values())
    assert seconds[document.find("resources/format"), "frameDuration"] == 1 / rate
    (picture,) = document.find(".//spine")
    lanes = [[], [], []]
    for clip in picture.findall("asset-clip"):
        start = seconds[clip, "offset"] * rate
        end = start + seconds[clip, "duration"] * rate
        lanes[-int(clip.get("lane")) - 1].append((clip.get("name"), int(start), int(end)))
    assert lanes == expected_spans(film)
    sources = {asset.get("id"): asset.get("src") for asset in document.iter("asset")}
    assert local_path(sources[picture.get("ref")]) == film.video


def test_adapter_of_final_cut_pro_xml_reads_the_document(tmp_path):
    """At 25 frames a second: the adapter cannot count the frames of other rates."""
    film = make_film(tmp_path)
    path = exported(film, "fcpxml", tmp_path)
    read = otio.adapters.read_from_string(path.read_text(encoding="utf-8"), "fcpx_xml")
    (timeline,) = read.find_children(descended_from_type=otio.schema.Timeline)
    assert [track.name for track in timeline.tracks] == ["-1", "-2", "-3", "0"]
    spans = [span for kind in ("Audio", "Video") for span in spans_of(timeline, kind)]
    assert spans[:3] == expected_spans(film)
    assert spans[3] == [(TITLE, 0, 3700 * 25)]


@each_rate
def test_pympi_reads_the_tiers_of_elan(tmp_path, rate_hz):
    film = make_film(tmp_path, rate_hz=rate_hz)
    document = Eaf(str(exported(film, "elan", tmp_path)))
    tiers = [f"Music {number}" for number in (1, 2, 3)]
    assert sorted(document.get_tier_names()) == sorted([*tiers, *(f"{t} details" for t in tiers)])
    by_id = {cue.cue_id: cue for cue in film.cues}
    for tier, lane in zip(tiers, LANES, strict=True):
        annotations = sorted(document.get_annotation_data_for_tier(tier))
        details = sorted(document.get_ref_annotation_data_for_tier(f"{tier} details"))
        for cue_id, (start, end, value), (*_, label, _) in zip(
            lane, annotations, details, strict=True
        ):
            cue = by_id[cue_id]
            frames = [round(ms * RATES[rate_hz] / 1000) for ms in (start, end)]
            assert (value, label, *frames) == (cue.title, cue.label, cue.in_frame, cue.out_frame)
    (media,) = document.media_descriptors
    assert (local_path(media["MEDIA_URL"]), media["MIME_TYPE"]) == (film.video, "video/mp4")


def test_jams_validates_and_has_every_cue(tmp_path):
    import jams

    film = make_film(tmp_path)
    path = exported(film, "jams", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of jsonschema, in jams
        document = jams.load(str(path), validate=True, strict=True)
    (annotation,) = document.search(namespace="segment_open")
    intervals, values = annotation.to_interval_values()
    np.testing.assert_allclose(intervals, [span[1:3] for span in SPANS], atol=1e-9)
    assert values == [*CLEAN[:3], CLEAN[0], CLEAN[3]]
    assert [cue["track_id"] for cue in annotation.sandbox.cues] == ["t0", "t1", "t2", "t0", "t3"]
    assert (document.file_metadata.title, document.file_metadata.duration) == (TITLE, 3700.0)
