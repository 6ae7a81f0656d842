"""Paths of results that several rules write, or that are named before the rules are read.

Every other path stands once, as the output of the rule that writes it. Imported when the workflow
is parsed: light imports only.
"""

# The corpus.
FILM_TABLE = "results/corpus/films.tsv"
TRACK_TABLE = "results/corpus/tracks.tsv"
ALBUM_TRACKS = "results/corpus/albums/{album}.tsv"
MADE_VIDEO = "results/corpus/media/{film}/film.mp4"
DEMO_ALBUM = "results/corpus/media/{film}/album"
# Read by a rule of the corpus, which comes before those of the fingerprints.
SHARED_TRACKS = "results/fingerprints/shared_tracks.tsv"
SHARED_FILMS = "results/fingerprints/shared_films.tsv"
# Pretrained networks.
PRETRAINED_DOWNLOADS = "results/pretrained/downloads"
PRETRAINED_VARIABLES = "results/pretrained/{network}.safetensors"
# The cues of the matcher, and those that follow the user's corrections.
MATCHED_CUES = "results/cues/films/{film}.parquet"
CORRECTED_CUES = "results/cues/corrected/{film}.parquet"
# Named by the rules of the cues, which come before those of the music.
MUSIC = "results/music/films/{film}.parquet"
UNKNOWN_MUSIC = "results/music/unknown.tsv"
VISUALS = "results/visuals/{film}.parquet"
# Named by the plan of the desk.
PREVIEW = "results/desk/previews/{film}.mp4"
# Tables that more than one rule writes.
FEATURES = "results/features/{set}/{film}.parquet"
GENRE_PREDICTIONS = "results/genres/predictions/{set}/{model}.parquet"
TRAILER_PREDICTIONS = "results/trailers/predictions/{network}/{model}.parquet"
# Written by batches of films or trailers, read one by one.
RETRIEVAL_ALBUMS = "results/retrieval/albums/{batch}.tsv"
RETRIEVAL_FRAGMENTS = "results/retrieval/sounds/{film}.{ending}"
RETRIEVAL_LIBRARY = "results/retrieval/libraries/{library}/{part}.{ending}"
TRAILER_SAMPLES = "results/trailers/samples/{trailer}.npz"
TRAILER_SAMPLE_TABLE = "results/trailers/samples/{batch}.tsv"
SCENES = "results/scenes/{network}/{film}.parquet"
# The demo's music library.
DEMO_LIBRARY = "results/tagger/demo"
