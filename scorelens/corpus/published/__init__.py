"""The published feature files of the study as a corpus."""
