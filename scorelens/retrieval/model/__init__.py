"""The trained model of retrieval: two towers, their losses and their training."""
