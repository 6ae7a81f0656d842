"""Cues whose music suggests another genre than their film has: ranked, and listed on a page."""
