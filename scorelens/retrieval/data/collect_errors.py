"""Do something with each of several files, and tell of all that it cannot be done with."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from scorelens.errors import InputError

Given = TypeVar("Given")
Found = TypeVar("Found")


def try_each(attempt: Callable[[Given], Found], given: Iterable[Given]) -> Iterator[Found]:
    """What an attempt makes of each. Once one fails, the others are only tried as well.

    Raises InputError at the end, with the problems of all that failed.
    """
    problems = []
    for one in given:
        try:
            found = attempt(one)
        except InputError as error:
            problems += error.problems
        else:
            if not problems:
                yield found
    if problems:
        raise InputError(problems)
