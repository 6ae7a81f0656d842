"""Pretrained networks that turn audio, images and text into embeddings.

`registry` describes every network. `load` gives any of them as an encoder: an object with `name`,
`size` (values of an embedding) and `encode`.

Examples
--------
>>> from scorelens.encoders.registry import ENCODERS
>>> ENCODERS["musicnn"].embedding_size
200
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"loading": ["load"]})
