"""Commands that speak both languages: their help is looked up when it is asked for.

``command`` and ``group`` replace click's own. The help of ``tongxing network where`` is the text
``where.help`` of ``texts/network.toml``, that of its option ``--on`` is ``where.on``, that of its
argument is ``where.card_number``; a command that is its module's only one has ``help`` and the
bare names. Nothing is read or computed here but arguments and texts.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from tongxing.cli.arguments import argument_name
from tongxing.cli.common import Words, in_both
from tongxing.cli.helping import HelpPage
from tongxing.kernel.reasons import Problem
from tongxing.kernel.texts import LANGUAGES

ROOT = "app"
_OWN = ("lang", "json", "home", "dsn", "help")
_HELP_NAMES = ["-h", "--help"]

Function = TypeVar("Function", bound=Callable[..., Any])


def words_of(context: click.Context) -> tuple[Words, str]:
    """The catalogue of a command, and what its keys begin with there."""
    names: list[str] = []
    while context.parent is not None:
        names.insert(0, (context.info_name or "").replace("-", "_"))
        context = context.parent
    if not names:
        return Words(ROOT), ""
    return Words(names[0]), "".join(f"{name}." for name in names[1:])


def usage_problem(
    context: click.Context | None, key: str, /, near: Sequence[str] = (), **values: object
) -> Problem:
    """A mistake in the arguments, with what was probably meant or where to read on."""
    path = context.command_path if context else "tongxing"
    hint = (
        in_both("hint", ROOT, "usage.did_you_mean", near=" / ".join(near))
        if near
        else in_both("hint", ROOT, "usage.see_help", command=path)
    )
    return Problem("USAGE", path, **in_both("detail", ROOT, f"usage.{key}", **values), **hint)


def _set(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            root = context.find_root()
            root.obj = replace(root.obj, **{field: value})

    return callback


def _common_options() -> list[click.Parameter]:
    def option(flag: str, field: str, **how: Any) -> click.Option:
        return click.Option(
            [flag, f"_{field}"], is_eager=True, expose_value=False, callback=_set(field), **how
        )

    return [
        option("--lang", "language", type=click.Choice(LANGUAGES)),
        option("--json", "json", is_flag=True),
        option("--home", "home", type=click.Path(path_type=Path), metavar="DIR"),
        option("--dsn", "dsn", metavar="DSN"),
    ]


COMMON_OPTIONS = _common_options()


class _Context(click.Context):
    formatter_class = HelpPage


class Command(click.Command):
    """A click command whose help, headings and mistakes come from the catalogues."""

    context_class = _Context

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """The same for every context: click keeps the help option it makes for the first one."""
        return list(_HELP_NAMES)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        split = len(own) - 1 if self.add_help_option else len(own)
        return [*own[:split], *COMMON_OPTIONS, *own[split:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.ignore_unknown_options:
            self._check_long_options(ctx, args)
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        rest = super().parse_args(ctx, args)
        if rest and not allowed:
            raise usage_problem(ctx, "extra", text=" ".join(rest))
        return rest

    def _check_long_options(self, ctx: click.Context, args: Sequence[str]) -> None:
        """Numbers below zero may be arguments here; a long option that is none is a mistake."""
        known = [name for parameter in self.get_params(ctx) for name in parameter.opts]
        for text in args:
            name = text.partition("=")[0]
            if text == "--":
                return
            if name.startswith("--") and name not in known:
                raise usage_problem(ctx, "option", get_close_matches(name, known), text=name)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=Words(ROOT)("heading.usage") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words, prefix = words_of(ctx)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(words.find(f"{prefix}help") or self.help or "")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Arguments and options, each with its text of the catalogue."""
        visible = [p for p in self.get_params(ctx) if not getattr(p, "hidden", False)]
        arguments = [
            (argument_name(p), self._about(ctx, p))
            for p in visible
            if isinstance(p, click.Argument)
        ]
        options = [
            ((p.get_help_record(ctx) or ("", ""))[0], self._about(ctx, p) + _extra(ctx, p))
            for p in visible
            if isinstance(p, click.Option)
        ]
        for heading, rows in (("arguments", arguments), ("options", options)):
            if rows:
                with formatter.section(Words(ROOT)(f"heading.{heading}")):
                    formatter.write_dl(rows)

    def _about(self, ctx: click.Context, parameter: click.Parameter) -> str:
        words, prefix = words_of(ctx)
        longest = max(parameter.opts, key=len).removeprefix("--")
        if longest in _OWN:
            return Words(ROOT)(f"option.{longest}")
        return words.find(f"{prefix}{parameter.name}") or getattr(parameter, "help", None) or ""


class Group(Command, click.Group):
    """A click group of the same kind; commands made from it are `Command`s."""

    command_class = Command
    group_class = type

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The same, then the subcommands, which are not imported for that."""
        super().format_options(ctx, formatter)
        rows = [(name, self.summary(ctx, name)) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section(Words(ROOT)("heading.commands")):
                formatter.write_dl(rows)

    def summary(self, ctx: click.Context, name: str) -> str:
        """The first line of a subcommand's help."""
        words, prefix = words_of(ctx)
        text = words.find(f"{prefix}{name.replace('-', '_')}.help") or ""
        return text.strip().partition("\n")[0]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        command = self.get_command(ctx, args[0])
        if command is None:
            near = get_close_matches(args[0], self.list_commands(ctx), cutoff=0.55)
            raise usage_problem(ctx, "command", near, text=args[0])
        return args[0], command, args[1:]


class Family(Group):
    """A group whose commands are the modules of a package; each module that offers `command` is
    one, and none is imported before it is called."""

    package: str = ""
    first: Sequence[str] = ()
    not_commands: frozenset[str] = frozenset()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The usual ones in their order, then the others by name."""
        package = importlib.import_module(self.package)
        found = {module.name for module in pkgutil.iter_modules(package.__path__)}
        found -= self.not_commands
        first = [name for name in self.first if name in found]
        return [name.replace("_", "-") for name in [*first, *sorted(found - set(first))]]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, None for a name that is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{self.package}.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found


def family(
    package: str,
    *,
    cls: type[Family] = Family,
    first: Sequence[str] = (),
    not_commands: Collection[str] = (),
    **attributes: Any,
) -> Callable[[Function], Family]:
    """Make a function the group of all command modules of `package`."""

    def make(function: Function) -> Family:
        found = click.group(cls=cls, **attributes)(function)
        found.package, found.first = package, tuple(first)
        found.not_commands = frozenset(not_commands)
        return found

    return make


def command(name: str | None = None, **attributes: Any) -> Callable[[Function], Command]:
    """Make a function a command: ``@command()`` in place of click's."""
    return click.command(name, cls=Command, **attributes)


def group(name: str | None = None, **attributes: Any) -> Callable[[Function], Group]:
    """Make a function a group of commands: ``@group()`` in place of click's."""
    return click.group(name, cls=Group, **attributes)


def _extra(ctx: click.Context, option: click.Option) -> str:
    extra: Mapping[str, Any] = option.get_help_extra(ctx)
    parts = [
        Words(ROOT)(f"extra.{key}", value=extra[key])
        for key in ("default", "range", "required")
        if key in extra
    ]
    return f"  [{'; '.join(parts)}]" if parts else ""


def problem_of(error: click.ClickException) -> Problem:
    """One of click's own complaints as ours, in both languages."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        near = list(error.possibilities or ())
        return usage_problem(context, "option", near, text=error.option_name)
    if isinstance(error, click.MissingParameter):
        return usage_problem(context, "missing", text=argument_name(error.param))
    if isinstance(error, click.BadParameter):
        return _value_problem(error, context)
    if isinstance(error, click.BadOptionUsage):
        return usage_problem(context, "needs_value", text=error.option_name)
    if error.message.startswith("Missing command"):
        return usage_problem(context, "no_command")
    return usage_problem(context, "other", text=error.format_message())


def _value_problem(error: click.BadParameter, context: click.Context | None) -> Problem:
    kind = error.param.type if error.param else None
    name = argument_name(error.param)
    if isinstance(kind, click.Choice):
        choices = ", ".join(str(choice) for choice in kind.choices)
        return usage_problem(context, "choice", name=name, choices=choices)
    if kind is click.INT:
        return usage_problem(context, "whole", name=name)
    return usage_problem(context, "value", name=name, text=error.message)
