"""Apply a function to each of several files, and report all errors together."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from scorelens.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_collecting_errors(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Apply a function to each item; once it fails, the others are still tried, for their errors.

    Parameters
    ----------
    function : callable
        Takes an item; raises InputError.
    items : iterable

    Yields
    ------
    object
        The results, up to the first failure.

    Raises
    ------
    InputError
        At the end, with the problems of all items that failed.
    """
    problems = []
    for item in items:
        try:
            result = function(item)
        except InputError as error:
            problems += error.problems
        else:
            if not problems:
                yield result
    if problems:
        raise InputError(problems)
