"""Files as they come: read rightly, or refused with the line and the reason, and quickly."""

import time

import numpy as np
import pytest

from rnnviz.data.adding import read
from rnnviz.data.columns import _DATE, NO_TIME, _seconds
from rnnviz.data.decoding import MOST_BYTES, decode
from rnnviz.data.tables import _part, _read_rows, read_table
from rnnviz.errors import DataError

PLAIN = "date,city,value\n2020-01-01,Köln,1.5\n2020-01-02,Zürich,2.5\n2020-01-03,Graz,-3e2\n"


def columns(data, **how):
    table, found = read(data if isinstance(data, bytes) else data.encode(), **how)
    return table, {column.name: column for column in found}


def day(text):
    return int(np.datetime64(text, "s").astype(np.int64))


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        (PLAIN.encode(), "utf-8"),
        (PLAIN.encode("utf-8-sig"), "utf-8"),
        (PLAIN.encode("utf-16"), "utf-16"),
        (PLAIN.encode("utf-16-le"), "utf-16"),
        (PLAIN.encode("utf-16-be"), "utf-16"),
        (PLAIN.encode("latin-1"), "cp1252"),
        (PLAIN.replace("Graz", "„Graz“ – €").encode("cp1252"), "cp1252"),
        (PLAIN.replace("\n", "\r\n").encode(), "utf-8"),
        (PLAIN.replace("\n", "\r").encode(), "utf-8"),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "crlf", "cr"],
)
def test_encodings_are_found(encoded, key):
    table, found = columns(encoded)
    assert table.encoding == key and table.names == ["date", "city", "value"] and table.headed
    assert table.columns[1][:2] == ["Köln", "Zürich"]
    assert found["value"].values.tolist() == [1.5, 2.5, -300.0]
    assert found["date"].values.tolist() == [day(f"2020-01-0{n}") for n in (1, 2, 3)]


def test_chinese_and_cyrillic_encodings_are_found_and_can_be_named():
    chinese = "日期,销量,城市\n2020-01-01,5,北京\n2020-01-02,7,上海\n"
    table, found = columns(chinese.encode("gb18030"))
    assert table.encoding == "gb18030" and table.columns[2] == ["北京", "上海"]
    assert found["日期"].kind == "date" and found["销量"].values.tolist() == [5, 7]
    russian = (
        "город,население\n" + "Москва и область,5\nНовгород Великий,7\nСанкт-Петербург,9\n" * 9
    )
    assert decode(russian.encode("cp1251"))[0] == russian
    assert decode("Łódź,1\n".encode("cp1250"), "cp1250")[0] == "Łódź,1\n"
    with pytest.raises(DataError, match=r"Line 2 is not UTF-8 .byte 5.: choose another"):
        decode(b"abcd\n\xff\xfe", "utf-8")


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_separators_are_found(sign):
    rows = [
        ["when", "what", "how much"],
        ["1.5.2021", "a, b; c", "7"],
        ["2.5.2021", 'say "x"', "8"],
    ]
    text = "\n".join(sign.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    table, found = columns(text)
    assert table.separator == sign and table.columns[1] == ["a, b; c", 'say "x"']
    assert found["how much"].values.tolist() == [7, 8]
    assert found["when"].values.tolist() == [day("2021-05-01"), day("2021-05-02")]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,5", "-2,25", "1.234,5"], [1.5, -2.25, 1234.5]),
        (["1.5", "1,234.5", "-2"], [1.5, 1234.5, -2]),
        (["1,234", "5,678", "12"], [1.234, 5.678, 12]),  # after a semicolon: a decimal comma
        (["1 234,5", "1\u00a0000", "2\u202f000,25"], [1234.5, 1000, 2000.25]),
        (["1'234.5", "12 %", "€ 7"], [1234.5, 12, 7]),
        (["−1.5", "+2", ".5"], [-1.5, 2, 0.5]),
    ],
)
def test_marks_in_numbers(cells, values):
    _, found = columns("a;b\n" + "\n".join(f"x;{cell}" for cell in cells))
    np.testing.assert_array_equal(found["b"].values, values)


def test_thousands_between_quotes_are_no_decimals():
    _, found = columns('a,b\n"1,234",1\n"12,500",2\n')
    assert found["a"].values.tolist() == [1234, 12500]


@pytest.mark.parametrize(
    ("cells", "form", "second"),
    [
        (["2020-01-31", "2020-02-01"], "year-month-day", "2020-02-01"),
        (["2020-01-31T10:30:00Z", "2020-02-01 11:30"], "year-month-day", "2020-02-01T11:30"),
        (["31.1.2020", "1.2.2020"], "day.month.year", "2020-02-01"),
        (["31.01.20 07:00", "01.02.20 08:00"], "day.month.year", "2020-02-01T08:00"),
        (["31/01/2020", "01/02/2020"], "day/month/year", "2020-02-01"),
        (["01/31/2020", "02/01/2020"], "month/day/year", "2020-02-01"),
        (["1/2/2020", "1/3/2020", "1/4/2020", "2/1/2020"], "month/day/year", "2020-01-03"),
        (["31 Jan 2020", "1 February 2020"], "day month year", "2020-02-01"),
        (["Jan 31, 2020", "Feb 1, 2020 5:00 PM"], "month day, year", "2020-02-01T17:00"),
        (["Jan 2020", "Feb 2020"], "month year", "2020-02-01"),
        (["2020-01", "2020-02"], "year-month", "2020-02-01"),
        (["2020-Q1", "2020-Q2", "2020Q3"], "year-quarter", "2020-04-01"),
        (["Fri Jan 31 2020", "Sat Feb 01 2020"], "date in words", "2020-02-01"),
        (
            ["Fri, 31 Jan 2020 23:00:00 +0100", "Sat, 01 Feb 2020 09:30:00 GMT"],
            "date in words",
            "2020-02-01T09:30",
        ),
        (["Friday, 31 January 2020", "", "1st of February 2020"], "date in words", None),
        (["20200131", "20200201"], "yearmonthday", "2020-02-01"),
        (["2020年1月31日", "2020年2月1日"], "year年month月day日", "2020-02-01"),
    ],
)
def test_dates_in_several_forms(cells, form, second):
    _, found = columns("date;x\n" + "\n".join(f"{cell};1" for cell in cells))
    assert (found["date"].kind, found["date"].form) == ("date", form)
    assert found["date"].values[1] == (day(second) if second else NO_TIME)


def test_text_with_a_year_in_it_is_no_date_and_a_date_without_a_year_is_text():
    texts = {"a": "class of 2020", "b": "Windows 2000", "c": "Fri Jan 31", "d": "10:30", "e": "May"}
    _, found = columns(",".join(texts) + "\n" + (",".join(texts.values()) + "\n") * 5)
    assert {column.kind for column in found.values()} == {"text"}


def test_missing_values_and_text_in_a_number_column():
    text = "t,x\n" + "".join(f"{n},{n / 2}\n" for n in range(20)) + "20,n/a\n21,\n22,error\n"
    table, found = columns(text)
    column = found["x"]
    assert column.kind == "number" and column.missing.sum() == 2
    assert [table.lines[row] for row in column.unread] == [24] and np.isnan(
        column.values[20:]
    ).all()
    assert columns("a,b\n1,x\n2,y\nz,3\nw,4\nv,5\n")[1]["a"].kind == "text"
    assert columns("a,b\n,1\nn/a,2\n")[1]["a"].kind == "empty"
    _, found = columns("d,x\n2020-01-01,1\n2020-02-30,2\n" + "2020-01-03,3\n" * 8)
    assert found["d"].values[1] == NO_TIME and found["d"].unread.tolist() == [1]


def test_rows_of_another_length_are_left_out_and_said_or_refused():
    text = "a,b,c\n" + "1,2,3\n" * 20 + "4,5\n" + "6,7,8,\n" + "9,9,9,9\n"
    table = read_table(text)
    assert len(table.lines) == 21 and table.columns[2][-1] == "8"
    assert list(map(str, table.notes)) == [
        "2 rows left out: line 22 has 2 cells; line 24 has 4 cells."
    ]
    with pytest.raises(DataError, match=r"3 of 6 rows have not 2 cells .* \(line 3 has 1 cells"):
        read_table("a,b\n1,2\n3\n4,5\n6,7,8\n9,9,9\n", separator=",")


def test_first_rows_names_and_blank_lines():
    assert not read_table("1,2\n3,4\n").headed
    assert read_table("text,label\nso good,yes\nso bad,no\n").headed
    assert not read_table("good,yes\nbad,no\nfine,yes\n").headed
    names = read_table("\n\na,,a\n\n1,2,3\n4,5,6\n").names
    assert names == ["a", "column 2", "a (3)"]
    assert read_table("7\n8\n9\n").columns == [["7", "8", "9"]]
    table = read_table("value\n7\n8\n")
    assert (table.separator, table.names) == ("", ["value"])
    one = read_table("a,b\n1,2\n")
    assert len(one.lines) == 1 and one.columns == [["1"], ["2"]]


def test_formulas_are_text_and_nothing_is_run(tmp_path):
    trap = tmp_path / "trap"
    text = f"t,x\n1,=cmd|' /C touch {trap}'!A0\n2,@SUM(1+1)\n3,__import__('os').getcwd()\n"
    _, found = columns(text)
    assert found["x"].kind == "text" and found["x"].cells[1] == "@SUM(1+1)"
    assert not trap.exists()


HOSTILE = {
    "empty": (b"", "nothing in this file"),
    "blank": (b" \n\t\n \r\n", "nothing in this file"),
    "too large": (b"a," * MOST_BYTES, "32 MB: up to 16 MB are read"),
    "one long line": (b"x" * (MOST_BYTES - 1), "Line 1 has 16,777,215 characters"),
    "many lines": (b"1\n" * (MOST_BYTES // 2 - 1), "more than 500,000 lines"),
    "wide": (b",".join([b"1"] * 5000) + b"\n", "5,000 cells: up to 100"),
    "many cells": (b"1,2,3,4,5,6,7,8,9,10,11,12\n" * 200_000, "too many: up to 2,000,000 cells"),
    "binary": (bytes(range(1, 256)) * 50, "no text but a binary file"),
    "NUL": (b"a,b\n1,2\n3,\x004\n", "line 3 has a NUL byte"),
    "zip": (b"PK\x03\x04" + b"x" * 100, "zip or Excel file: save the sheet as CSV"),
    "pdf": (b"%PDF-1.7\n", "a PDF file"),
    "open quote": (b'a,b\n1,"2\n' + b"3,4\n" * 50_000, "Line 2: a quotation mark that is opened"),
    "quote and more": (b'a,b\n1,2\n3,"4"5\n', "Line 3: after a closing quotation mark"),
    "half a character": ("a,b\n1,é".encode("utf-16")[:-1], "is not UTF-16"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_refused_with_the_line_and_the_reason(data, sentence):
    begun = time.process_time()
    with pytest.raises(DataError, match=sentence) as caught:
        read(data)
    assert time.process_time() - begun < 2
    assert len(str(caught.value)) < 250


def test_odd_cells_are_read_in_time():
    """Long digits, deep quotes, marks upon marks: no pattern takes long."""
    cells = [
        "9" * 50_000,
        "1," * 300 + "5",
        "1.1" * 9000,
        "x" * 90_000,
        "'" * 90_000,
        "2020-" * 9000,
    ]
    text = "a;b\n" + "\n".join(f"{cell};1" for cell in cells * 3)
    begun = time.process_time()
    _, found = columns(text)
    assert time.process_time() - begun < 2
    assert found["a"].kind == "text" and found["b"].values.tolist() == [1] * 18


def test_two_hundred_thousand_rows_are_read_in_two_seconds():
    count = 200_000
    start = np.datetime64("2001-01-01T00:00")
    stamps = np.datetime_as_string(start + np.arange(count).astype("m8[h]"), unit="m")
    text = "time;load;price\n" + "".join(
        f"{stamp};{n % 977},25;{n}\n" for n, stamp in enumerate(stamps.tolist())
    )
    begun = time.process_time()
    table, found = columns(text)
    assert time.process_time() - begun < 2
    assert len(table.lines) == count and table.lines[-1] == count + 1
    assert found["load"].values[-1] == (count - 1) % 977 + 0.25
    assert found["price"].values[-1] == count - 1
    assert found["time"].values[-1] - found["time"].values[0] == (count - 1) * 3600


STAMPS = [
    "2024-02-29", "2023-02-29", "1900-02-29", "0000-01-01", "0001-01-01", "9999-12-31 23:59:59",
    "2024-13-01", "2024-01-32", "2024-01-01T24:00", "2024-01-01 23:60", "2024-01-01 00:00:60",
    "1969-12-31T23:59", "2024-06-30 12:30:05",
]  # fmt: skip


@pytest.mark.parametrize("stamp", STAMPS)
def test_iso_dates_are_read_at_once_as_they_are_one_by_one(stamp):
    cells = [
        "2024-01-01",
        "2024-01-02T03:04",
        "",
        "2024-01-03 05:06:07",
        *["2025-05-05"] * 5,
        stamp,
    ]
    table, found = columns("\n".join(["day;x", *(f"{cell};1" for cell in cells)]))
    one_by_one = [_seconds(cell, _DATE["year-month-day"]) for cell in cells]
    assert found["day"].form == "year-month-day"
    assert found["day"].values.tolist() == one_by_one


def test_rows_with_more_empty_cells_than_names_lose_them():
    table, found = columns("a,b\n1,2,,\n3,4\n")
    assert found["b"].values.tolist() == [2, 4] and not table.notes


@pytest.mark.parametrize(
    "text", ["a;b\n1;2\n\n 3;;\n", "a;b\n\n 1;\t2\n;3\n  \n", "a;b\n;\n1;2", 'a;b\n"1";2', "a"]
)
def test_a_table_parted_at_once_is_the_one_read_row_by_row(text):
    lines = text.split("\n")
    assert _part(lines, ";") in (None, _read_rows(lines, ";"))


def test_a_plain_table_is_parted_at_once():
    assert _part("a;b\n\n 1;2\n;3\n".split("\n"), ";") == (
        [["a", "1", ""], ["b", "2", "3"]],
        [1, 3, 4],
        [],
    )
