"""Read the feature files that the study published (Ma et al. 2021, supplement S4)."""
