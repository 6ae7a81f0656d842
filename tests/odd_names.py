"""Names of files as people have them."""

ODD_NAMES = ('O\'Brien, "Tempête" & <b>.wav', "映画 #1 100%.wav", "deep/ {er}; x.wav")
