"""The films' own scenes, classified by models that were trained on trailers."""
