"""The command ``chainrule`` itself: its subcommands, and what becomes of errors."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from chainrule.cli import screen
from chainrule.cli.check import check
from chainrule.cli.convert import convert
from chainrule.cli.derive import derive
from chainrule.cli.evaluate import evaluate
from chainrule.cli.exercise import exercise
from chainrule.cli.predict import predict
from chainrule.cli.train import train
from chainrule.errors import ChainruleError

USER_ERROR = 2  # the exit code that typer, too, gives to wrong usage
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

AS_IT_STANDS = "\b"  # tells typer not to join the lines of a paragraph


class Commands(TyperGroup):
    """The subcommands, with errors told as a user wants to read them."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; tell an error of chainrule's own in its sentence, without a traceback."""
        try:
            return super().invoke(ctx)
        except ChainruleError as error:
            screen.complain(str(error))
            raise typer.Exit(USER_ERROR) from error
        except KeyboardInterrupt as interrupt:
            screen.complain("Interrupted.")
            raise typer.Exit(INTERRUPTED) from interrupt


class Command(TyperCommand):
    """A subcommand whose help writes its arguments as manuals do: ``MODEL``, not ``{MODEL}`` or ``MODEL <path>``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Give the words of the usage line."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what each argument and each option means."""
        arguments, options = [], []
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                name, meaning = record
                if parameter.param_type_name == "argument":
                    arguments.append((name.partition(" <")[0], meaning.removesuffix("  [required]")))
                else:
                    options.append((name, meaning))
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _examples(*lines: str) -> str:
    """Write lines for the end of a help text, as they are."""
    return "\n".join([AS_IT_STANDS, "Examples:", *(f"  {line}" for line in lines)])


app = typer.Typer(
    cls=Commands,
    name="chainrule",
    invoke_without_command=True,
    add_completion=False,
    # Plain help is shorter than rich's, and an error in usage one line, as all others.
    rich_markup_mode=None,
    # A bug's traceback is for its author, who wants it whole.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="\n".join(
        [
            AS_IT_STANDS,
            "First steps:",
            "  chainrule train                                    learn from real digits",
            "  chainrule predict network.safetensors PICTURE      read a digit of your own",
            "  chainrule train --help                             every option of a command",
        ]
    ),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chainrule {version('chainrule')}")
        raise typer.Exit


@app.callback()
def chainrule(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Train a neural network to read handwritten digits, by backpropagation, and use it."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command(
    cls=Command,
    short_help="Learn to read digits, and write the network to a file.",
    epilog=_examples(
        "chainrule train",
        "chainrule train --data mnist --layers 784,100,10 --out mine.safetensors",
        "chainrule train --batch 1 --eta 0.3",
    ),
)(train)
app.command(
    cls=Command,
    short_help="Read the digit in a picture.",
    epilog=_examples("chainrule predict network.safetensors seven.png", "chainrule predict network.safetensors *.jpg"),
)(predict)
app.command(
    "test",
    cls=Command,
    short_help="Count how many test images a network reads right.",
    epilog=_examples(
        "chainrule test network.safetensors", "chainrule test network.safetensors --data mnist --no-confusion"
    ),
)(evaluate)
app.command(
    cls=Command,
    short_help="Bring the paper's own trained network into chainrule's format.",
    epilog=_examples(
        "chainrule convert trained_network.pkl --out paper.safetensors",
        "chainrule test paper.safetensors --data mnist",
    ),
)(convert)
app.command(
    cls=Command,
    short_help="Write out the chain rule, step by step.",
    epilog=_examples(
        "chainrule derive network.safetensors --index 7 --out step.html",
        "chainrule derive network.safetensors --data mnist --index 3,5,7 --to latex",
        "chainrule derive my_file.py:cost --at my_file.py:point --wrt W",
        "chainrule derive my_file.py:cost --wrt W,b --full --out steps.md",
    ),
)(derive)
app.command(
    cls=Command,
    short_help="Check a backward pass written by hand, or mark an exercise.",
    epilog=_examples(
        "chainrule check my_backprop.py",
        "chainrule check my_backprop.py --layers 3,4,2 --html report.html",
        "chainrule check --exercise sheet.md",
        "chainrule check my_backprop.py --gradescope results.json",
    ),
)(check)
app.command(
    cls=Command,
    short_help="Write a worksheet for backpropagation by hand.",
    epilog=_examples(
        "chainrule exercise --layers 3,4,2 --seed 5 --out sheet.md",
        "chainrule exercise --layers 2,2 --batch 3 --out sheet.tex --solution key.tex",
    ),
)(exercise)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its exit code.

    Parameters
    ----------
    arguments
        What follows ``chainrule`` on the command line; by default this process's own arguments.

    Raises
    ------
    SystemExit
        Always: 0 when all went well, 2 for an error of the user's, 130 after Ctrl-C.
    """
    app(sys.argv[1:] if arguments is None else list(arguments), prog_name="chainrule")
