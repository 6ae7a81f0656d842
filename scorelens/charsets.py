"""Decoding text files of unknown encoding.

Imported when the workflow is parsed: light imports only.
"""

import codecs
import os
from pathlib import Path

# UTF-32 first: its little-endian mark begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Encodings of subtitles and plots, the most common first.
COMMON = (
    "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030",
    "big5", "cp949", "euc_jp", "koi8_r", "iso8859_2", "iso8859_5", "iso8859_6", "cp866",
)  # fmt: skip
# Differences of charset_normalizer's measures that are not significant.
CHAOS_TOLERANCE, COHERENCE_TOLERANCE = 0.05, 0.02
MIN_ZEROS = 0.05  # share of zero bytes in UTF-16
MAX_DAMAGED = 0.1  # share of undecodable characters in UTF-8 text, of those that are not ASCII


def read_text(path: str | os.PathLike) -> tuple[str, str]:
    """Read a text file of unknown encoding.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    text : str
        Its content.
    doubt : str
        Why the encoding is uncertain, such as "no Unicode: taken for cp1252"; empty if it is
        certain.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    return decode(Path(path).read_bytes())


def decode(content: bytes) -> tuple[str, str]:
    """Decode bytes of unknown encoding.

    A byte order mark is certain, and so are UTF-8 and the zero bytes of UTF-16. Any other encoding
    is guessed from the characters.

    Parameters
    ----------
    content : bytes
        Encoded text.

    Returns
    -------
    text : str
        The decoded text.
    doubt : str
        Why the encoding is uncertain; empty if it is certain.

    Examples
    --------
    >>> decode("où ?".encode("utf-16-le"))
    ('où ?', '')
    >>> decode("Où est passé le train ?".encode("cp1252"))
    ('Où est passé le train ?', 'no Unicode: taken for cp1252')
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    if content.count(0) > MIN_ZEROS * len(content):
        is_little = content[1::2].count(0) > content[::2].count(0)
        return _decoded(content, "utf-16-le" if is_little else "utf-16-be")
    text, doubt = _decoded(content, "utf-8")
    letters = sum(not letter.isascii() for letter in text)
    if doubt and text.count("\ufffd") > MAX_DAMAGED * letters:
        return _guessed(content)
    return text, doubt


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    try:
        return content.decode(encoding), ""
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="replace")
        damaged = text.count("\ufffd")
        return text, f"{encoding} with {damaged} damaged letter{'s' * (damaged > 1)}"


def _guessed(content: bytes) -> tuple[str, str]:
    """Decode by the most common of the encodings with the least chaos and the most coherence."""
    from charset_normalizer import from_bytes

    lines = dict.fromkeys(line for line in content.splitlines() if not line.isascii())
    matches = list(from_bytes(b"\n".join(lines), cp_isolation=list(COMMON), threshold=1.0))
    max_chaos = min((match.chaos for match in matches), default=0) + CHAOS_TOLERANCE
    matches = [match for match in matches if match.chaos <= max_chaos]
    min_coherence = max((match.coherence for match in matches), default=0) - COHERENCE_TOLERANCE
    names = [match.encoding for match in matches if match.coherence >= min_coherence]
    name = min(names, key=COMMON.index, default=COMMON[0])
    return content.decode(name, errors="replace"), f"no Unicode: taken for {name}"
