"""Synthesize a corpus: compose albums, mix the sound, paint the pictures, write the films."""
