"""The demo of retrieval: synthetic pictures, plots and further albums."""
