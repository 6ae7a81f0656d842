"""Cut the tracks of an album in tiles for the tagger.

Decodes every track once. Writes the mel bands in dB of each tile of 9.29 s, 128 bands by 100
frames, with the track and its time; MFCC are made of them when a network wants them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import patches

patches.tile_album(snakemake.input.tracks, snakemake.output.tiles)
