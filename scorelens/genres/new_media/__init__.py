"""Genre models applied to films and albums outside the corpus."""
