"""Live search: words, tags, a picture, a moment of a film or a passage of music against music.

`library` encodes a folder once, with MusiCNN, into one file; `index` holds passages of all tracks
in memory and answers a `Query` with hits. `bridge` joins words and music without training: what
MusiCNN hears in 50 tags, and what MiniLM knows of words. `likeness` compares passages. `trained`
decides whether a model of retrieval answers too. `routes` and `page` serve it all.

Nothing but the command and the server imports this package.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "index": ["Index"],
        "library": ["index_folder"],
        "opening": ["open_index"],
        "query": ["Filters", "Hit", "Like", "Moment", "Query"],
        "routes": ["search_routes"],
    },
)
