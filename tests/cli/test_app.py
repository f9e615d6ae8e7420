import subprocess
import sys
from importlib.metadata import version

import pytest

from chainrule.cli import app as module
from chainrule.errors import DataError

COMMANDS = ["train", "predict", "test", "convert", "derive", "check", "exercise"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run, golden, command):
    helped = run(command, "--help")
    assert (helped.code, helped.err) == (0, "")
    # Another version of typer may break the lines elsewhere.
    golden(f"help-{command}", helped.out, words_only=True)


def test_help(run, golden):
    helped = run("--help")
    assert (helped.code, helped.err) == (0, "")
    golden("help", helped.out, words_only=True)
    assert run("-h").out == helped.out


def test_alone_it_shows_its_help(run):
    alone = run()
    assert (alone.code, alone.err) == (0, "")
    assert alone.out == run("--help").out


def test_help_is_plain_ascii_and_80_columns_wide(run):
    for arguments in ([], *([command] for command in COMMANDS)):
        text = run(*arguments, "--help").out
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 80


def test_version(run):
    assert run("--version").out == f"chainrule {version('chainrule')}\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["tran"], "Did you mean 'train'"), (["train", "--epochs", "x"], "--epochs"), (["predict"], "MODEL")],
)
def test_wrong_usage(run, arguments, hint):
    wrong = run(*arguments)
    assert wrong.code == 2
    assert hint in wrong.err
    assert "Traceback" not in wrong.err


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


def test_an_error_of_chainrules_own_is_one_sentence(run, monkeypatch):
    monkeypatch.setattr("chainrule.datasets.load", raising(DataError("This came; that was expected.")))
    failed = run("train")
    assert failed.code == module.USER_ERROR == 2
    assert failed.sentence == "This came; that was expected."


def test_ctrl_c_outside_training(run, monkeypatch):
    monkeypatch.setattr("chainrule.datasets.load", raising(KeyboardInterrupt))
    stopped = run("train")
    assert stopped.code == module.INTERRUPTED == 130
    assert stopped.sentence == "Interrupted."


def test_an_unexpected_error_keeps_its_traceback(run, monkeypatch):
    monkeypatch.setattr("chainrule.datasets.load", raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        module.main(["train"])


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "chainrule", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("chainrule ")


def test_the_installed_command_is_this_main():
    from importlib.metadata import entry_points

    (command,) = entry_points(group="console_scripts", name="chainrule")
    assert command.load() is module.main
