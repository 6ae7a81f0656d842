"""Soundtrack albums as people have them: which files are tracks, where in a file a track lies, and
what its tags say.

`files` lists an album when the workflow is parsed. At job time `reading` opens its files, `tags`
and `cuesheets` tell what they are. Of its table the other stages take `tracks`, and what a person
reads `names`.
"""
