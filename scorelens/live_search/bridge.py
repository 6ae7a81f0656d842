"""Words against music without training: MusiCNN hears tags, a sentence network knows words.

MusiCNN gives each passage the logits of 50 tags. A sentence network embeds the words of a query
and a gloss of each tag; the softmax of their cosines says which tags the words mean. The score
of a track is the sum of its tags, weighted so.

Three choices, by reasoning and not by trial on test words:

- Logits are standardised over the library, tag by tag. Tags are as frequent as in the Million Song
  Dataset, where `rock` is common and `sad` is rare; unstandardised, `rock` would decide.
- The softmax has the temperature 0.05. Cosines of unrelated short phrases spread by about 0.1, so
  that a tag two spreads closer than others weighs e^4 = 55 times as much.
- Weights sum to 0, as the uniform weight is subtracted. Words that are near no tag then ask for
  nothing, rather than for tracks in which all tags are strong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorelens.live_search.tags import GLOSSES, TAGS

if TYPE_CHECKING:
    from scorelens.encoders.text_encoder import TextEncoder

TEMPERATURE = 0.05
NAMED_TAGS = 3  # in an explanation
FAR_COSINE = 0.25  # below it no gloss has to do with the words
TINY = 1e-6  # of a deviation: a tag that is the same everywhere says nothing

TextEmbedder = Callable[[Sequence[str]], np.ndarray]  # n texts to unit vectors (n, size)


@dataclass(frozen=True)
class Meaning:
    """What words mean in tags.

    Parameters
    ----------
    weights : ndarray of float64, shape (50,)
        Of each tag; their sum is 0.
    why : str
        The tags that weigh most.
    """

    weights: np.ndarray
    why: str


def tag_weights(query: np.ndarray, glosses: np.ndarray) -> np.ndarray:
    """Weigh tags by the cosines of their glosses with a query.

    Parameters
    ----------
    query : ndarray, shape (size,)
    glosses : ndarray, shape (tags, size)
        Unit vectors, as the query.

    Returns
    -------
    ndarray of float64, shape (tags,)
        Positive, of sum 1.

    Examples
    --------
    >>> tag_weights(np.array([1.0, 0]), np.array([[1.0, 0], [0, 1]])).round(3).tolist()
    [1.0, 0.0]
    """
    cosines = np.asarray(glosses, np.float64) @ query
    weights = np.exp((cosines - cosines.max()) / TEMPERATURE)
    return weights / weights.sum()


def standardised_logits(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardise the logits of passages, tag by tag.

    Parameters
    ----------
    logits : ndarray of float32, shape (passages, tags)

    Returns
    -------
    standardised : ndarray of float32, shape (passages, tags)
    mean, deviation : ndarray of float32, shape (tags,)
        A tag without deviation gets 1, and is 0 everywhere.
    """
    mean, deviation = logits.mean(0), logits.std(0)
    deviation = np.where(deviation > TINY, deviation, 1).astype(np.float32)
    return (logits - mean) / deviation, mean, deviation


class Bridge:
    """From words to weights of tags.

    Parameters
    ----------
    embed : callable
        Embeds texts, from `sentence_embedder`.
    network : str
        Its name in the registry of encoders.
    """

    def __init__(self, embed: TextEmbedder, network: str = "minilm") -> None:
        self.embed, self.network = embed, network
        self.glosses = embed(list(GLOSSES.values()))
        self._numbers = {tag.lower(): number for number, tag in enumerate(TAGS)}

    def meaning(self, words: str, tags: Sequence[str] = ()) -> Meaning | None:
        """Say what words and tags mean.

        Parameters
        ----------
        words : str
            Parts between commas weigh the same.
        tags : sequence of str
            Names of tags weigh on these alone; others are taken for words.

        Returns
        -------
        Meaning or None
            None without a letter or a digit.
        """
        parts = [part.strip() for part in (*words.split(","), *tags) if has_words(part)]
        named = {
            self._numbers[t.lower()] for t in map(str.strip, tags) if t.lower() in self._numbers
        }
        exact = {TAGS[number].lower() for number in named}
        phrases = [part for part in parts if part.lower() not in exact]
        rows = [np.eye(len(TAGS))[number] for number in sorted(named)]
        embeddings = self.embed(phrases) if phrases else ()
        rows += [tag_weights(embedding, self.glosses) for embedding in embeddings]
        if not rows:
            return None
        mean = np.mean(rows, axis=0)
        far = [
            phrase
            for phrase, embedding in zip(phrases, embeddings, strict=True)
            if (self.glosses @ embedding).max() < FAR_COSINE
        ]
        return Meaning(mean - 1 / len(TAGS), explain(mean, far))

    def meaning_of_embedding(self, embedding: np.ndarray) -> np.ndarray:
        """Weights of tags, of sum 0, for words that are embedded already: float64 (50,)."""
        return tag_weights(embedding, self.glosses) - 1 / len(TAGS)


def explain(weights: np.ndarray, far: Sequence[str] = ()) -> str:
    """Name the tags that weigh most, and the words that are near no tag.

    Parameters
    ----------
    weights : ndarray, shape (50,)
        Of sum 1.
    far : sequence of str
        Words that are near no tag.

    Returns
    -------
    str
    """
    order = np.argsort(-weights, kind="stable")[:NAMED_TAGS]
    named = ", ".join(f"{TAGS[tag]} {weights[tag]:.2f}" for tag in order if weights[tag] >= 0.05)
    doubt = f"; a guess: no tag is near {', '.join(far)}" if far else ""
    return f"bridge: {named or 'no tag stands out'}{doubt}"


def has_words(text: str) -> bool:
    """Tell whether a text has a letter or a digit."""
    return any(letter.isalnum() for letter in text)


def sentence_embedder(encoder: "TextEncoder") -> TextEmbedder:
    """Make the function that embeds plain texts with a text encoder, without marks.

    Parameters
    ----------
    encoder : TextEncoder
        Such as MiniLM; longer texts are cut off at its limit.

    Returns
    -------
    callable
    """
    from scorelens.encoders.registry import ENCODERS
    from scorelens.encoders.text_encoder import end_tokens

    first, last = end_tokens(encoder.tokenizer)
    room = ENCODERS[encoder.name].input_size - 2

    def embed(texts: Sequence[str]) -> np.ndarray:
        ids = [encoder.tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        return encoder.encode_tokens([[first, *row[:room], last] for row in ids])

    return embed
