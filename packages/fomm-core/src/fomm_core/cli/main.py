"""The program ``fomm``: options common to all commands, errors and exit codes.

Exit codes: 0 done, 1 a defect of the program (or a closed pipe), 2 an error that the user
can mend, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from io import TextIOWrapper

import click

from fomm_core.cli.logs import logs_on_stderr
from fomm_core.cli.plugins import (
    OTHER_PACKAGES,
    BrokenCommandError,
    Plugin,
    find_plugins,
    installed_packages,
)
from fomm_core.devices.failures import device_error
from fomm_core.errors import FommError
from fomm_core.utils.paths import printable

EXIT_DEFECT = 1
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class GlobalOptions:
    """The options before the command's name; commands read them as ``context.obj``.

    Attributes:
        verbosity: -1 quiet (no progress bar, errors only), 0 normal, 1 and 2 tell more.
        debug: show a traceback with every error.
    """

    verbosity: int = 0
    debug: bool = False


def is_quiet(options: GlobalOptions | None) -> bool:
    """Whether no progress is wanted; a command that runs by itself has no such options."""
    return options is not None and options.verbosity < 0


class PluginGroup(click.Group):
    """A group whose commands are found among the installed packages and loaded on use."""

    @cached_property
    def plugins(self) -> dict[str, Plugin]:
        """The commands by name."""
        return find_plugins()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names in alphabetical order."""
        return list(self.plugins)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or ``None`` where no package offers it.

        Raises:
            BrokenCommandError: its module cannot be imported.
        """
        plugin = self.plugins.get(cmd_name)
        return plugin.load() if plugin else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name, or suggest one that is spelt alike."""
        name = args[0]
        if name not in self.plugins and not name.startswith("-"):
            raise click.UsageError(f"no command '{name}'{self._hint(name)}", ctx)
        return super().resolve_command(ctx, args)

    def _hint(self, name: str) -> str:
        """The package that brings a command, or the one that is spelt alike."""
        if name in OTHER_PACKAGES:
            return f"; it comes with: pip install {OTHER_PACKAGES[name]}"
        near = get_close_matches(name, self.plugins, n=1)
        return f"; did you mean '{near[0]}'?" if near else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with one line each; a broken one is shown with its reason."""
        rows = [(name, self._summary(plugin)) for name, plugin in self.plugins.items()]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    @staticmethod
    def _summary(plugin: Plugin) -> str:
        try:
            return plugin.load().get_short_help_str(limit=70)
        except BrokenCommandError as error:
            return f"(broken: {error.reason})"


def _print_versions(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    for name, version in installed_packages().items():
        click.echo(f"{name} {version}")
    context.exit()


def _prepare(verbose: int, quiet: bool, debug: bool) -> None:
    context = click.get_current_context()
    options = GlobalOptions(verbosity=-1 if quiet else verbose, debug=debug)
    context.obj = options
    group = context.command
    plugins = group.plugins.values() if isinstance(group, PluginGroup) else ()
    packages = {"fomm_core", *(plugin.package for plugin in plugins)}
    context.with_resource(logs_on_stderr(packages, options.verbosity))
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def make_program() -> click.Group:
    """The program with the commands of all packages that are installed now."""
    return PluginGroup(
        "fomm",
        callback=_prepare,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Animate a picture with a video (First Order Motion Model).\n\n"
        "`fomm animate` without arguments shows what it does; `fomm COMMAND --help` tells more.",
        params=[
            click.Option(["-v", "--verbose"], count=True, help="Tell more; twice for all."),
            click.Option(
                ["-q", "--quiet"], is_flag=True, help="Show errors only, and no progress bar."
            ),
            click.Option(["--debug"], is_flag=True, help="Show a traceback with every error."),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_versions,
                help="Show the versions of the installed fomm packages and exit.",
            ),
        ],
    )


def _usage_message(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} (see '{context.command_path} --help')" if context else message


def _system_message(error: OSError) -> str:
    """Say what the system refused: a matter of files, devices or rights, not of the program."""
    place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    return f"{place}cannot be read or written: {error.strerror or error}"


def _report(message: str, *, debug: bool) -> None:
    """Print one line on stderr, after the traceback where that is wanted."""
    if debug:
        traceback.print_exc()
    click.echo(f"fomm: error: {printable(' '.join(message.split()))}", err=True)


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: the words after the program's name.

    Returns:
        The exit code, as listed at the top of this module.
    """
    debug = "--debug" in arguments
    try:
        code = make_program().main(list(arguments), prog_name="fomm", standalone_mode=False)
    except click.Abort:
        click.echo("fomm: interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        _report(_usage_message(error), debug=debug)
        return EXIT_USER_ERROR
    except FommError as error:
        _report(str(error), debug=debug)
        return EXIT_USER_ERROR
    except OSError as error:
        _report(_system_message(error), debug=debug)
        return EXIT_USER_ERROR
    except MemoryError:
        _report("expected enough memory, found too little; close programs", debug=debug)
        return EXIT_USER_ERROR
    except Exception as error:  # noqa: BLE001 - the last resort: never a bare traceback
        failure = device_error(error)
        if failure is not None:
            _report(str(failure), debug=debug)
            return EXIT_USER_ERROR
        hint = "" if debug else " - a defect of fomm; `fomm --debug ...` shows the traceback"
        _report(f"unexpected {type(error).__name__}: {error}{hint}", debug=debug)
        return EXIT_DEFECT
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the program ``fomm``."""
    # Where this is installed, openvino's import reports to an analytics service.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    if isinstance(sys.stdout, TextIOWrapper):  # as stderr is by itself: names are not always text
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
