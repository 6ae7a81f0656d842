"""List the tracks of one album.

Opens every file of the album and writes the table of its tracks, with the values of their tags and
CUE sheets, and a one-row status table with what is wrong or ignored. A bad file does not fail this
job: the checks of the films that have the album report it.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus import check

check.check_album(
    album_id=snakemake.wildcards.album,
    folder=snakemake.params.folder,
    files=snakemake.params.files,
    status=snakemake.output.status,
    track_table=snakemake.output.tracks,
)
