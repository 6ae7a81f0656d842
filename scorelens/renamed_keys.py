"""Configuration keys that have a new name: the error for an old key names the new one."""

RENAMED_KEYS = {
    "features.of": "features.level",
    "modes": "audiovisual_comparison",
    "retrieval.training.batch": "retrieval.training.batch_size",
    "retrieval.training.piece": "retrieval.training.micro_batch_size",
    "retrieval.scene_frames": "scenes.frames",
    "trailers.scene_frames": "scenes.frames",
    "weights": "pretrained",
}
