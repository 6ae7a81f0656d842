"""Soundtrack albums: which files are tracks, where a track lies in a file, and what its tags hold.

`files` lists an album when the workflow is parsed. At job time `reading` opens its files, with the
help of `tags`, `cuesheets` and `splitting`. Other stages use `tracks` for the sound of the tracks
and `names` for their titles.
"""
