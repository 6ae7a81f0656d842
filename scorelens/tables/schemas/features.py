"""Schemas of frame features, of statistics of the picture, and of bags of cue-level instances."""

from scorelens.tables.columns import (
    CUE_ID,
    FILM_ID,
    TIME_S,
    Column,
    Table,
)

FEATURES = Table(
    "features",
    "Frame features of the cues of one film on its 1 Hz grid. In a set whose name ends with "
    "`_tracks`, of the whole tracks of its album: `cue_id` is the track, `time_s` is in the track. "
    "For published features `time_s` is in the cue, whose position in the film is unknown.",
    (FILM_ID, CUE_ID, TIME_S),
    features=True,
)

VISUALS = Table(
    "visuals",
    "Statistics of the picture, one row a second; no rows for a film without pictures.",
    (
        FILM_ID,
        TIME_S,
        Column("brightness", "float32", "mean BT.709 luma inside black bars", "", 0, 1),
        Column("contrast", "float32", "standard deviation of luma (RMS contrast)", "", 0, 0.5),
        Column("saturation", "float32", "mean HSV saturation", "", 0, 1),
        Column("colourfulness", "float32", "Hasler and Suesstrunk's M3 on RGB in 0..1", "", 0, 2),
        Column("aspect_ratio", "float32", "width to height of the picture inside bars", "", 0),
        Column("cuts", "int64", "cuts in the second; null but in mode exact", "", 0, None, True),
        Column(
            "shot_length_s",
            "float32",
            "length of the shot on screen in the middle of the second; null but in mode exact",
            "s",
            0,
            None,
            True,
        ),
        Column(
            "motion_energy",
            "float32",
            "mean absolute luma difference over a quarter second; null at cuts and in other modes",
            "",
            0,
            1,
            True,
        ),
        Column(
            "held_s",
            "float32",
            "time from the measured frame to that on screen in the middle of the second; null in "
            "mode keyframes",
            "s",
            0,
            None,
            True,
        ),
        *(
            Column(
                f"{name}_error",
                "float32",
                f"expected error of the film's median {name}; 0 if exact, null in mode keyframes",
                "",
                0,
                1,
                True,
            )
            for name in ("brightness", "contrast")
        ),
    ),
)

BAGS = Table(
    "bags",
    "Cue-level instances of all films: the mean of each feature over the cue's frames.",
    (FILM_ID, CUE_ID, Column("n_frames", "int64", "frames in the cue", low=1)),
    features=True,
)
