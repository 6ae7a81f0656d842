"""Genre models of trailers: training, fusion of picture and sound, thresholds."""
