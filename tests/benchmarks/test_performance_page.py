"""The page about performance says what the kept run says."""

from __future__ import annotations

import json

from docs import generate_performance

PAGE = generate_performance.PAGE.read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_those_of_the_run() -> None:
    assert generate_performance.render(PAGE) == PAGE, "run `python docs/generate_performance.py`"


def test_a_stale_table_is_noticed() -> None:
    stale = PAGE.replace("| met |", "| **missed** |", 1)
    assert stale != PAGE
    assert generate_performance.render(stale) == PAGE


def test_what_is_set_side_by_side_was_measured() -> None:
    run = json.loads(generate_performance.RUN.read_text(encoding="utf-8"))
    measured = {figure["name"] for figure in run["figures"]} | {generate_performance.NOTHING}
    wanted = {name for _, *names in generate_performance.BESIDES for name in names}
    assert wanted <= measured | {figure["name"] for figure in run["unmeasured"]}
