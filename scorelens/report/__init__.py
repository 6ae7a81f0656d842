"""The report: one self-contained page that lays out the sections of all stages."""
