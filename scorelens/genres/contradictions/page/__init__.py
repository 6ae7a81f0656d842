"""The page of the cues that contradict the genres of their film."""
