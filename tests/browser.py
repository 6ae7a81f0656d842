"""What the tests of pages in a browser share."""

import ctypes
import shutil
import sys
import time

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), ""
)


PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23  # linux/prctl.h, linux/capability.h


def forbid_realtime_priority():
    """Forbid it to the programs that this thread starts from now on.

    Chromium gives its audio threads real-time priority where it may, that is as root: they can
    then lock every core of a small machine for minutes.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)


def wait_until(page, expression, timeout_s=120):
    """Wait until an expression is true in the page.

    Unlike Playwright's own waiting it does not need `eval` in the page, which the policy of the
    pages forbids.
    """
    end = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not true in {timeout_s} s: {expression}"
        page.wait_for_timeout(20)


def serious_violations(page):
    """What axe-core finds on the page that is serious or critical: its rules and the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]][:5])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def body_overflows(page):
    """Whether the page is wider than the window, so that its body scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
