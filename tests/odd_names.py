"""File names with quotes, markup, braces and non-ASCII letters."""

ODD_NAMES = ('O\'Brien, "Tempête" & <b>.wav', "映画 #1 100%.wav", "deep/ {er}; x.wav")
