"""Audio fingerprints of albums: landmarks of the spectrogram, and the hashes of their pairs.

A landmark is a peak of the spectrogram. Two that are close in time and frequency make a hash that
survives noise, coding and changes of level (Wang, An industrial-strength audio search algorithm,
ISMIR 2003); three make one that survives changes of pitch and tempo too. `landmarks` finds peaks
and pairs them, `triplets` joins three, `index` holds those of an album, `dejavu` does the same as
the public Dejavu project does, `peaks` serves both. `sketches` and `sharing` find recordings that
share sound.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "dejavu": [
            "DEJAVU_HOP_S",
            "DEJAVU_RATE_HZ",
            "DejavuIndex",
            "find_peaks",
            "pair_peaks",
            "read_dejavu_index",
        ],
        "index": [
            "Album",
            "channel_landmarks",
            "index_album",
            "read_album",
            "write_album",
        ],
        "landmarks": [
            "FINE_STEPS",
            "Landmarks",
            "Settings",
            "check_settings",
            "concatenate_ranges",
            "find_channel_landmarks",
            "find_landmarks",
            "pair_landmarks",
        ],
        "sketches": ["make_sketch"],
        "triplets": [
            "FARTHEST_FRAMES",
            "STEPS_PER_OCTAVE",
            "TripletIndex",
            "Triplets",
            "index_triplets",
            "join_triplets",
            "make_triplets",
            "triplet_keys",
        ],
    },
)
