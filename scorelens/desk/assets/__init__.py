"""Style and scripts of the pages, and the copies that pages load.

`uPlot` is a library for plots of long time series (MIT), as its npm package has it; `SHA256SUMS`
lists its files.
"""
