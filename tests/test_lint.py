"""What `make lint` runs finds nothing."""

import pytest

from tools import lint


@pytest.mark.parametrize("command", lint.COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_the_code_is_clean(command):
    done = lint.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
