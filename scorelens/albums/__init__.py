"""Soundtrack albums as people have them: which files are tracks, where in a file a track lies, and
what its tags say.

`files` lists an album when the workflow is parsed. At job time `reading` opens its files, `tags`
and `cuesheets` tell what they are, `tracks` is what the other stages take from its table, and `names` what a person reads.
"""
