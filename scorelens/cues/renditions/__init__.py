"""Other renditions of the tracks of an album: covers, arrangements and live versions in a film.

`chroma` turns sound into chroma vectors, `alignment` aligns those of a film with those of a track,
and `find` lists the alignments that stand out against all others.
"""
