"""The demo corpus of retrieval: pictures, plots and further albums."""
