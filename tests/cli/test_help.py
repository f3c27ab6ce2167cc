"""What ``--help`` says, of every command."""

import argparse

import pytest

from streamrec.cli import main, make_parser


def parsers(parser, path=()):
    yield " ".join(path), parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from parsers(child, (*path, name))


COMMANDS = dict(parsers(make_parser()))


def test_all_commands_are_there():
    assert {"run", "watch", "classify", "demo", "export", "doctor"} < COMMANDS.keys()
    actions = ("list", "info", "labels", "pull", "import", "rm")
    assert {f"models {action}" for action in actions} < COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_printed(capsys, command):
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--help"])
    assert end.value.code == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: streamrec {command}".rstrip()) and err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_says_its_default_or_that_it_is_required(command):
    for action in COMMANDS[command]._actions:
        if action.option_strings and action.nargs != 0:
            word = "required" if action.required else "default"
            assert word in (action.help or ""), action.option_strings


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_explained(command):
    for action in COMMANDS[command]._actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert action.help, action.dest
