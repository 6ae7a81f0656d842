"""Configuration keys that have a new name: the error for an old key names the new one."""

RENAMED_KEYS = {
    "cues.dejavu.least_aligned": "cues.dejavu.min_aligned",
    "cues.diagonal.ceiling": "cues.diagonal.max_evidence_per_s",
    "cues.diagonal.entry": "cues.diagonal.onset_penalty",
    "features.of": "features.level",
    "genres.forest.leaves": "genres.forest.max_leaf_nodes",
    "genres.forest.trees": "genres.forest.n_estimators",
    "genres.knn.neighbours": "genres.knn.n_neighbors",
    "genres.network.batch": "genres.network.batch_size",
    "modes": "audiovisual_comparison",
    "retrieval.training.batch": "retrieval.training.batch_size",
    "retrieval.training.piece": "retrieval.training.micro_batch_size",
    "retrieval.scene_frames": "scenes.frames",
    "tagger.attention.batch": "tagger.attention.batch_size",
    "tagger.least_tracks": "tagger.min_tracks",
    "tagger.network.batch": "tagger.network.batch_size",
    "trailers.attention.batch": "trailers.attention.batch_size",
    "trailers.network.batch": "trailers.network.batch_size",
    "trailers.scene_frames": "scenes.frames",
    "weights": "pretrained",
}
