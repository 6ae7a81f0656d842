"""Pages to watch a film with its cues, to check and to correct them: static, without a server.

`film_data` and `index_data` collect what the pages show, as plain values. `film_page` and
`index_page` write them from the templates of `pages`, and copy the style and the scripts of
`assets`. `preview` makes a light copy of a film that every browser plays.

A page takes its style and scripts from files beside it, its film from the disk, and nothing else: a
Content-Security-Policy in its head forbids the rest.
"""
