"""The figures of a rehearsal in Markdown."""

from collections.abc import Iterable, Mapping

STEPS = {
    "made": "films made",
    "killed": "run, killed",
    "finished": "run again, to its end",
    "unchanged": "run again, nothing to be done",
    "unbroken": "run of some films without a break",
    "added": "one film added",
}
FOLDERS_MB = 1.0  # smaller results are not listed


def markdown(steps: Mapping[str, dict]) -> str:
    """Tables of the steps, of the stages, of what the added film costs, and of disk."""
    finished, added = steps["finished"], steps["added"]
    parts = [
        _table(("step", "jobs", "wall min", "CPU min", "peak memory, MB"), _step_rows(steps)),
        _note(steps),
        _table(STAGE_HEADER, _stage_rows(finished["stages"])),
        *_added("One film added, its own jobs", added["own"]),
        *_added("One film added, jobs over all films", added["over_all"]),
        _table(("results", "MB"), _size_rows(finished["mb"])),
    ]
    return "\n\n".join(parts) + "\n"


STAGE_HEADER = ("stage", "jobs", "CPU min", "wall min", "longest job, min", "peak of a job, MB")


def _added(title: str, part: Mapping[str, dict]) -> tuple[str, str]:
    """What some jobs of the added film cost: their rules, the dearest first, and their stages."""
    by_cost = sorted(part["rules"].items(), key=lambda item: -item[1]["cpu_s"])
    rules = ", ".join(f"`{rule}` {used['cpu_s']:.1f}" for rule, used in by_cost)
    return f"{title} (CPU s: {rules}):", _table(STAGE_HEADER, _stage_rows(part["stages"]))


def _table(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def _step_rows(steps: Mapping[str, dict]):
    for name, title in STEPS.items():
        attempts = steps[name]["attempts"]
        wall_s, cpu_s = (sum(a.get(key, 0.0) for a in attempts) for key in ("wall_s", "cpu_s"))
        peak_mb = round(max(a.get("peak_mb", 0) for a in attempts)) or ""
        jobs = steps[name].get("jobs", "")
        if name == "added":
            parts = (steps[name][part]["stages"].values() for part in ("own", "over_all"))
            jobs = sum(used["jobs"] for part in parts for used in part)
        yield title, jobs, _minutes(wall_s), _minutes(cpu_s), peak_mb


def _note(steps: Mapping[str, dict]) -> str:
    killed, unbroken = steps["killed"], steps["unbroken"]
    scores = steps["finished"]["scores"]
    return (
        f"Killed with {len(killed['unfinished'])} outputs unfinished, after {killed['jobs']} of"
        f" {killed['planned']} jobs. {unbroken['compared']} tables of {len(unbroken['films'])}"
        f" films compared with an unbroken run, {len(unbroken['different'])} differ."
        f" Cues: precision {scores['time_precision']:.3f}, recall {scores['time_recall']:.3f}"
        f" by the second. Media: {steps['made']['mb']} MB."
    )


def _stage_rows(stages: Mapping[str, dict]):
    for name, used in stages.items():
        longest = f"{_minutes(used['longest_s'])} (`{used['longest']}`)"
        yield (
            *(name, used["jobs"], _minutes(used["cpu_s"]), _minutes(used["wall_s"]), longest),
            f"{used['peak_mb']} (`{used['peak']}`)",
        )
    total = {key: sum(used[key] for used in stages.values()) for key in ("jobs", "cpu_s", "wall_s")}
    yield "all", total["jobs"], _minutes(total["cpu_s"]), _minutes(total["wall_s"]), "", ""


def _size_rows(sizes_mb: Mapping[str, float]):
    listed = {name: mb for name, mb in sizes_mb.items() if mb >= FOLDERS_MB}
    yield from ((f"`{name}`", f"{mb:.1f}") for name, mb in listed.items())
    yield "all", f"{sum(sizes_mb.values()):.1f}"
