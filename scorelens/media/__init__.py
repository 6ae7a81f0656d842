"""Media files: their streams, lengths, sound and pictures. All media files are opened here."""

from scorelens.media.clock import path_of, read_clock
from scorelens.media.demuxing import demux, finds_times
from scorelens.media.faults import length_notes, sound_notes, sound_problems
from scorelens.media.files import open_container, require_bytes, sha256, unchanged
from scorelens.media.probe import Header, MediaInfo, probe, read_header
from scorelens.media.sound import Sound, audio_blocks, channel_blocks, read_audio
from scorelens.media.streams import SoundStream, picture_stream, sound_stream

__all__ = [
    "Header",
    "MediaInfo",
    "Sound",
    "SoundStream",
    "audio_blocks",
    "channel_blocks",
    "demux",
    "finds_times",
    "length_notes",
    "open_container",
    "path_of",
    "picture_stream",
    "probe",
    "read_audio",
    "read_clock",
    "read_header",
    "require_bytes",
    "sha256",
    "sound_notes",
    "sound_problems",
    "sound_stream",
    "unchanged",
]
