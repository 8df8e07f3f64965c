"""The scripts of the page, as far as they draw nothing: by the Node that Playwright brings."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import playwright
import pytest

from rnnviz.words.numbers import number, percent, plain, scientific

HERE = Path(__file__).parent
ASSETS = HERE.parents[1] / "assets"
NODE = Path(playwright.__file__).parent / "driver" / f"node{'.exe' * (sys.platform == 'win32')}"
TESTS = sorted(path.name for path in HERE.glob("*.test.js"))


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    quiet = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
    environment = {key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"}
    return subprocess.run(
        [NODE, quiet, *arguments],
        cwd=HERE, capture_output=True, text=True, encoding="utf-8", timeout=100, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("name", TESTS)
def test_script(name):
    done = node("--test", "--test-reporter=tap", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^# pass (\d+)$", done.stdout, re.M)[1]) > 1, done.stdout


def test_a_broken_script_fails(tmp_path):
    (tmp_path / "broken.test.js").write_text(
        'import assert from "node:assert/strict";\nimport { test } from "node:test";\n'
        f'import {{ plain }} from "{(ASSETS / "numbers.js").as_uri()}";\n'
        'test("a", () => assert.equal(plain(1), "one"));\n'
    )
    done = node("--test", "--test-reporter=tap", str(tmp_path / "broken.test.js"))
    assert done.returncode == 1 and "'1.000'" in done.stdout


def test_numbers_are_written_on_screen_as_they_are_in_files():
    values = [0.0, -0.0004, 0.0625, -9.9996, 12.345, 99.995, -1234.5, 9999.4, 9999.5, 12345.0]
    values += [4.0, 10.0, 120.0, 3e-9, -6e23, 0.125, 2.5e-7]
    values += [sign * front * 10.0**power for power in range(-300, 301, 7)
               for front in (1.0, 9.96, 5.55) for sign in (1, -1)]  # fmt: skip
    values += [99.5, 99.96, 999.4, 999.6, 0.00996, 0.999, 0.9996, 0.0009, 0.0004, 0.25, 1.0]
    values += np.random.default_rng(0).normal(size=200).astype("f4").astype(float).tolist()
    script = (
        "import { number, percent, plain, scientific } from "
        f'"{(ASSETS / "numbers.js").as_uri()}";'
        f"const values = {json.dumps(values)};"
        "const written = [plain, (x) => scientific(x, 1), (x) => number(x), (x) => number(x, 3)];"
        "written.push((x) => percent(Math.abs(x)));"
        "console.log(JSON.stringify(written.map((write) => values.map(write))));"
    )
    done = node("--input-type=module", "--eval", script)
    assert done.returncode == 0, done.stderr
    expected = [
        [plain(value) for value in values],
        [scientific(value, 1) for value in values],
        [number(value) for value in values],
        [number(value, 3) for value in values],
        [percent(abs(value)) for value in values],
    ]
    assert json.loads(done.stdout) == expected
