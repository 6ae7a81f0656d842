"""The page of a tagged library."""
