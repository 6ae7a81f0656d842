"""Parser of the rules in the .smk files, without Snakemake."""

import re
from pathlib import Path
from typing import NamedTuple

from scorelens import result_paths

HOME = Path(__file__).resolve().parent.parent
HEAD = re.compile(r"^( *)(?:rule|checkpoint) (\w+):$", re.M)
OUTPUT = re.compile(r"^( *)output:\n(.*?)^\1\w+:", re.M | re.S)


class RuleText(NamedTuple):
    """A rule: its stage and its text; a rule defined twice has both texts."""

    stage: str
    text: str

    @property
    def outputs(self) -> list[str]:
        """The output paths, literal or named in `scorelens.result_paths`."""
        block = "".join(match[1] for match in OUTPUT.findall(self.text))
        named = re.findall(r"\bresult_paths\.([A-Z_]+)", block)
        literal = re.findall(r'"([^"]*/[^"]*)"', block)
        paths = [*literal, *(getattr(result_paths, name) for name in named)]
        return [path for path in paths if not path.startswith(("../report/", "{result_paths"))]


def read_rules() -> dict[str, RuleText]:
    """All rules by name. A long stage has further files, such as genres_apply.smk."""
    rules: dict[str, RuleText] = {}
    for path in sorted((HOME / "workflow" / "rules").glob("*.smk")):
        stage = path.stem if path.stem in STAGES_WITH_UNDERSCORE else path.stem.partition("_")[0]
        content = path.read_text(encoding="utf-8")
        for head in HEAD.finditer(content):
            indent, name = len(head[1]), head[2]
            end = re.compile(rf"^ {{0,{indent}}}\S", re.M).search(content, head.end())
            text = content[head.end() : end.start() if end else None]
            before = rules[name].text if name in rules else ""
            rules[name] = RuleText(stage, before + text)
    return rules


STAGES_WITH_UNDERSCORE = ("audiovisual_comparison",)
RULES = read_rules()
