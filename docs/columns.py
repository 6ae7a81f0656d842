"""Write docs/columns.md: every column of every table, and every feature, as declared."""

from scorelens.encoders.registry import AUDIO_ENCODERS
from scorelens.features.columns import COLUMNS
from scorelens.features.embed import embedding_columns
from scorelens.features.essentia_columns import COLUMNS as ESSENTIA
from scorelens.tables import TABLES, Column

HEAD = """# Columns

Made by `make docs` from `scorelens/tables/` and `scorelens/features/columns.py`; do not edit.
A column marked *may be missing* holds nulls (Parquet) or empty fields (TSV), never NaN.
"""
FEATURES_HEAD = """## Features of the set `mir`

Each feature gives two columns, `NAME.mean` and `NAME.std`: its mean and standard deviation over
texture windows of 5 s, on the film's 1 Hz grid. A feature that has no meaning on a frame (silence;
under 3 s for rhythm) is missing there.

| feature | unit | range | definition | frame, hop | source |
|---|---|---|---|---|---|"""
ESSENTIA_HEAD = "\n" + FEATURES_HEAD.replace("`mir`", "`essentia`")
NETWORKS_HEAD = """
## Features of the networks

The values of one patch of sound, on the film's 1 Hz grid.

| features | range | meaning of the first | patch, hop | source |
|---|---|---|---|---|"""


def number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else str(value)


def limits(low: float | None, high: float | None) -> str:
    ends = [None if end is None or abs(end) == float("inf") else end for end in (low, high)]
    if ends == [None, None]:
        return ""
    return "..".join("" if end is None else number(end) for end in ends)


def column_row(column: Column) -> str:
    meaning = column.meaning + (" *(may be missing)*" if column.nullable else "")
    span = limits(column.low, column.high)
    return f"| `{column.name}` | {column.dtype} | {column.unit} | {span} | {meaning} |"


def feature_row(feature) -> str:
    frame = f"{feature.frame_s:.3g} s, {feature.hop_s:.3g} s" if feature.hop_s else "each beat"
    span = limits(feature.low, feature.high)
    cells = (f"`{feature.name}`", feature.unit, span, feature.definition, frame, feature.source)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    print(HEAD)
    for table in TABLES:
        print(f"## {table.name.capitalize()}\n\n{table.meaning}")
        print("\n| column | type | unit | range | meaning |\n|---|---|---|---|---|")
        print("\n".join(column_row(column) for column in table.columns))
        print("\nFurther columns, float32: the features.\n" if table.features else "")
    for head, features in ((FEATURES_HEAD, COLUMNS), (ESSENTIA_HEAD, ESSENTIA)):
        print(head)
        print("\n".join(feature_row(feature) for feature in features))
    print(NETWORKS_HEAD)
    for network in AUDIO_ENCODERS:
        first, *_, last = embedding_columns(network)
        frame = f"{first.frame_s:.3g} s, {first.hop_s:.3g} s"
        span = limits(first.low, first.high)
        cells = (f"`{first.name}` to `{last.name}`", span, first.definition, frame, first.source)
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
