"""The lists of the source's data set, and the table of trailers that they make."""
