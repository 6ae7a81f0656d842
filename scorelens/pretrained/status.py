"""Write the table of pretrained networks: used, left out and why, source, hash and licence."""

from collections.abc import Mapping, Sequence

import pandas as pd

from scorelens import tables
from scorelens.encoders.registry import ENCODERS


def list_networks(used: Sequence[str], absent: Mapping[str, str], output: str) -> None:
    """Write the state of every network of the registry in a run (tables.WEIGHTS).

    Parameters
    ----------
    used : sequence of str
        The networks of the run.
    absent : mapping of str to str
        Networks that the configuration names and that are left out -> reason.
    output : path
    """
    rows = [
        {
            "network": spec.name,
            "state": _state(spec.name, used, absent),
            "reason": absent.get(spec.name, ""),
            "source": "; ".join(file.source for file in spec.files),
            "sha256": "; ".join(file.sha256 or "not known" for file in spec.files),
            "licence": spec.licence,
            "size_mb": spec.size_mb,
        }
        for spec in ENCODERS.values()
    ]
    tables.write_table(pd.DataFrame(rows), output, tables.WEIGHTS)


def _state(network: str, used: Sequence[str], absent: Mapping[str, str]) -> str:
    if network in absent:
        return "left out"
    return "used" if network in used else "not asked for"
