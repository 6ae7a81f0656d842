"""A corpus of the study's shape: long films with the music of real albums, made in a stream."""
