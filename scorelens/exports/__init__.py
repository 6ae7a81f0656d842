"""Exports: the cues of a film, and of the corpus, for editors, players and research tools.

`registry` names the formats; each is a module of `formats`, imported by the job that writes it.
`film` joins what is known of a film's cues, at the time code of `frame_rate`; `lanes` sorts cues
that play at once into tracks; `export` writes the files.
"""
