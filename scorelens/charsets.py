"""The text in a file of whatever encoding.

Imported when the workflow is parsed: light imports only.
"""

import codecs
import os
from pathlib import Path

# UTF-32's mark of the one byte order begins with UTF-16's.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# What subtitles and plots come in, the commonest first.
COMMON = (
    "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030",
    "big5", "cp949", "euc_jp", "koi8_r", "iso8859_2", "iso8859_5", "iso8859_6", "cp866",
)  # fmt: skip
# Differences that say nothing: of the share of disorder, and of likeness to a language.
SAME_CHAOS, SAME_COHERENCE = 0.05, 0.02
ZEROS = 0.05  # least share of zeros in UTF-16
DAMAGED = 0.1  # most damaged letters of a UTF-8 text, to those that are not ASCII


def read_text(path: str | os.PathLike) -> tuple[str, str]:
    """The text of a file, and a doubt; see `decode`. Raises OSError if it cannot be read."""
    return decode(Path(path).read_bytes())


def decode(content: bytes) -> tuple[str, str]:
    """The text in bytes, and how far its encoding is in doubt; empty if it is certain.

    A byte order mark is certain, and so are UTF-8 and the zeros that UTF-16 leaves in Latin
    letters, digits and line ends. Else the encoding is guessed from the letters.

    >>> decode("où ?".encode("utf-16-le"))
    ('où ?', '')
    >>> decode("Où est passé le train ?".encode("cp1252"))
    ('Où est passé le train ?', 'no Unicode: taken for cp1252')
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding)
    if content.count(0) > ZEROS * len(content):
        is_little = content[1::2].count(0) > content[::2].count(0)
        return _decoded(content, "utf-16-le" if is_little else "utf-16-be")
    text, doubt = _decoded(content, "utf-8")
    letters = sum(not letter.isascii() for letter in text)
    if doubt and text.count("\ufffd") > DAMAGED * letters:
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
    """The text in the commonest of the encodings that make it least disordered, most a language."""
    from charset_normalizer import from_bytes

    lines = dict.fromkeys(line for line in content.splitlines() if not line.isascii())
    found = list(from_bytes(b"\n".join(lines), cp_isolation=list(COMMON), threshold=1.0))
    clean = min((match.chaos for match in found), default=0) + SAME_CHAOS
    found = [match for match in found if match.chaos <= clean]
    like = max((match.coherence for match in found), default=0) - SAME_COHERENCE
    names = [match.encoding for match in found if match.coherence >= like]
    name = min(names, key=COMMON.index, default=COMMON[0])
    return content.decode(name, errors="replace"), f"no Unicode: taken for {name}"
