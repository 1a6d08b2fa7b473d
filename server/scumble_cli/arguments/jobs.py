"""The command `jobs`: what the server keeps."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import Add, add_json, add_server

ACTIONS = ("list", "show", "export", "delete")


def describe(add: Add) -> None:
    """Add the command."""
    jobs = add("jobs", help="list the jobs that the server keeps, save or delete what they made")
    jobs.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        help="list (default): the newest 50; show: all that is known of one; export: write the "
        "layers of one as PNG files, with its recipe in them, into DIR (default: here); "
        "delete: delete jobs and their pictures, and cancel those that are not over",
    )
    jobs.add_argument(
        "jobs", nargs="*", metavar="ID", help="a job, or as much of its ID as no other begins with"
    )
    jobs.add_argument("--ora", action="store_true", help="export one OpenRaster file with layers")
    jobs.add_argument(
        "--acknowledged", action="store_true", help="delete all whose result an editor has"
    )
    jobs.add_argument("--all", action="store_true", help="list all, or delete all that are over")
    jobs.add_argument("--yes", action="store_true", help="delete all without asking")
    add_server(jobs)
    add_json(jobs)
    jobs.set_defaults(fault_of=_fault_of)


def _fault_of(arguments: argparse.Namespace) -> str:
    return _FAULTS[arguments.action](arguments) or _needless(arguments)


def _needless(arguments: argparse.Namespace) -> str:
    """An option that means nothing with this action."""
    allowed = {"list": {"all"}, "export": {"ora"}, "delete": {"acknowledged", "all", "yes"}}
    for option in ("ora", "acknowledged", "all", "yes"):
        if getattr(arguments, option) and option not in allowed.get(arguments.action, ()):
            return f"--{option} does not go with `scumble jobs {arguments.action}`"
    return ""


def _fault_of_list(arguments: argparse.Namespace) -> str:
    return "`scumble jobs list` takes no ID" if arguments.jobs else ""


def _fault_of_show(arguments: argparse.Namespace) -> str:
    return "" if len(arguments.jobs) == 1 else "`scumble jobs show` needs the ID of one job"


def _fault_of_export(arguments: argparse.Namespace) -> str:
    if len(arguments.jobs) in {1, 2}:
        return ""
    return "`scumble jobs export` needs the ID of one job, and may have a folder after it"


def _fault_of_delete(arguments: argparse.Namespace) -> str:
    ways = [bool(arguments.jobs), arguments.acknowledged, arguments.all]
    if sum(ways) == 1:
        return ""
    return "`scumble jobs delete` needs either IDs, or --acknowledged, or --all"


_FAULTS = {
    "list": _fault_of_list,
    "show": _fault_of_show,
    "export": _fault_of_export,
    "delete": _fault_of_delete,
}
