"""Titles of the synthetic films and trailers of the demos: "Ashes of Aldermoor" and others.

Imported when the workflow is parsed: light imports only.
"""

NOUNS = (
    "Ashes", "Bridges", "Children", "Colours", "Daughters", "Echoes", "Gardens", "Harvests",
    "Letters", "Mirrors", "Orchards", "Roads", "Rooms", "Seasons", "Shadows", "Songs", "Stones",
    "Strangers", "Voices", "Windows",
)  # fmt: skip
PLACES = (
    "Aldermoor", "Brackwater", "Caldhope", "Dunmarrow", "Eastering", "Fenwick Hill", "Garrowby",
    "Hartsea", "Inverlyn", "Kestle", "Lowmere", "Marrick",
)  # fmt: skip


def demo_titles() -> list[str]:
    """List every title: each noun with each place, noun by noun.

    Returns
    -------
    list of str
        240 titles, always in the same order.

    Examples
    --------
    >>> demo_titles()[:2]
    ['Ashes of Aldermoor', 'Ashes of Brackwater']
    """
    return [f"{noun} of {place}" for noun in NOUNS for place in PLACES]
