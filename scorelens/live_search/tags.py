"""The 50 tags that MusiCNN hears (those of the Million Song Dataset), and a gloss of each.

A gloss says in plain words what listeners mean by a tag, so that a network of texts can compare it
with a query. The tags are in the network's order.

References
----------
Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, 2019;
file `configuration.py`, `MSD_LABELS`.
"""

import os

import numpy as np
from safetensors import safe_open

GLOSSES = {
    "rock": "rock music, a band with electric guitars and drums",
    "pop": "pop music, a tuneful popular song",
    "alternative": "alternative music, unconventional rock songs",
    "indie": "indie music of independent bands",
    "electronic": "electronic music, synthesizers and drum machines",
    "female vocalists": "a woman singing",
    "dance": "dance music with a steady beat for a club",
    "00s": "music of the 2000s",
    "alternative rock": "alternative rock, distorted guitars of the nineties",
    "jazz": "jazz, saxophone, trumpet, swing and improvisation",
    "beautiful": "beautiful, moving and graceful music",
    "metal": "metal, aggressive and dark music with distorted guitars",
    "chillout": "chillout, calm and soothing electronic music",
    "male vocalists": "a man singing",
    "classic rock": "classic rock of the sixties and seventies",
    "soul": "soul music with warm and emotional singing",
    "indie rock": "indie rock, a guitar band",
    "Mellow": "mellow, soft, gentle and quiet music",
    "electronica": "electronica, electronic sounds and synthesizers",
    "80s": "music of the 1980s, synth pop",
    "folk": "folk music, traditional songs on acoustic instruments",
    "90s": "music of the 1990s",
    "chill": "chill, relaxed and peaceful music",
    "instrumental": "instrumental music without singing, an orchestral film score",
    "punk": "punk rock, fast, loud and angry",
    "oldies": "oldies, nostalgic songs of the fifties and sixties",
    "blues": "blues, slow sorrowful guitar and harmonica",
    "hard rock": "hard rock, loud and powerful electric guitars",
    "ambient": "ambient, atmospheric soundscape, slow, floating and mysterious",
    "acoustic": "acoustic music, guitar or piano without amplifiers",
    "experimental": "experimental, strange, dissonant and eerie sounds",
    "female vocalist": "a female singer",
    "guitar": "guitar music",
    "Hip-Hop": "hip-hop, rap with beats",
    "70s": "music of the 1970s",
    "party": "party music, exciting and energetic",
    "country": "country music, banjo and fiddle, western",
    "easy listening": "easy listening, light orchestra and pleasant strings",
    "sexy": "sexy, sensual and romantic music",
    "catchy": "catchy, a tune that one hums",
    "funk": "funk, groovy bass and rhythm",
    "electro": "electro, hard electronic beats, techno",
    "heavy metal": "heavy metal, fast and heavy guitars",
    "Progressive rock": "progressive rock, long and complex rock with organ and keyboards",
    "60s": "music of the 1960s",
    "rnb": "rhythm and blues, R&B singing",
    "indie pop": "indie pop, light and tuneful songs of an independent band",
    "sad": "sad, sorrowful and melancholic music",
    "House": "house music, electronic dance beat of a club",
    "happy": "happy, cheerful and joyful music",
}
TAGS = tuple(GLOSSES)
LAYER = "dense_1"


def tag_layer(weights: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read the last layer of MusiCNN, which gives the logits of the tags from an embedding.

    Parameters
    ----------
    weights : path
        MusiCNN's variables, a file that `scorelens.pretrained.fetch` wrote.

    Returns
    -------
    kernel : ndarray of float32, shape (200, 50)
    bias : ndarray of float32, shape (50,)
    """
    with safe_open(os.fspath(weights), "numpy") as file:
        return file.get_tensor(f"{LAYER}/kernel"), file.get_tensor(f"{LAYER}/bias")
