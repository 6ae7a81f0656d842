"""Picture recipes that exaggerate the look of a genre, for posters and trailers of the demos."""

from dataclasses import replace

import numpy as np

from scorelens.corpus.synthesis.recipes import PICTURE, PICTURE_HIGH, PICTURE_LOW, PictureRecipe

FACTOR = 2.0  # distance of the exaggerated look from the mean of all genres, against the genre's


def exaggerated_look(genre: str) -> PictureRecipe:
    """Move the luma, contrast and saturation of a genre away from the mean of all genres.

    Parameters
    ----------
    genre : str
        A key of `recipes.PICTURE`.

    Returns
    -------
    PictureRecipe
        The recipe of the genre with the three amounts exaggerated by FACTOR and clipped to the
        range of recipes.
    """
    amounts = {part: _exaggerated(part, genre) for part in ("luma", "contrast", "saturation")}
    return replace(PICTURE[genre], **amounts)


def _exaggerated(part: str, genre: str) -> float:
    mean = np.mean([getattr(recipe, part) for recipe in PICTURE.values()])
    amount = mean + FACTOR * (getattr(PICTURE[genre], part) - mean)
    return float(np.clip(amount, getattr(PICTURE_LOW, part), getattr(PICTURE_HIGH, part)))
