"""Media libraries as Kodi, Jellyfin and Plex keep them, read into the tables of a run.

`scanning` walks the folders, `names` reads names of files and folders, `nfo` the NFO files, `films`
and `albums` list what there is, and `matching` matches albums to films. `rows` makes the tables,
`merging` joins them with those of an earlier time, which people may have edited, and `initialise`
does it all.
"""
