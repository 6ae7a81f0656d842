"""Synthetic films and albums with known cues: music, sounds, pictures, mixing."""
