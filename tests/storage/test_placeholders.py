"""Parameters are found where SQL has them, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

from refund.storage.placeholders import for_psycopg

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
QUIET = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


def sent(sql: str, names: list[str]) -> str:
    """Return the text that psycopg sends to the server for a statement."""
    query = PostgresQuery(Transformer())
    query.convert(for_psycopg(sql), dict.fromkeys(names, 1))
    return query.query.decode()


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT :a", "SELECT %(a)s"),
        ("SELECT :a,:a+:b2_", "SELECT %(a)s,%(a)s+%(b2_)s"),
        ("SELECT a::text, :a::text", "SELECT a::text, %(a)s::text"),
        ("SELECT ':a', 'it''s :a', :a", "SELECT ':a', 'it''s :a', %(a)s"),
        ('SELECT ":a" FROM "x"":b"', 'SELECT ":a" FROM "x"":b"'),
        ("SELECT 10 % 3, 'a%', :a LIKE '%(a)s'", "SELECT 10 %% 3, 'a%%', %(a)s LIKE '%%(a)s'"),
        ("-- it's :a\nSELECT :b", "-- it's :a\nSELECT %(b)s"),
        ("/* it's :a % */ SELECT :b", "/* it's :a %% */ SELECT %(b)s"),
        ("SELECT E'it\\'s :a', :b", "SELECT E'it\\'s :a', %(b)s"),
        ("DO $$ x := :a; y % z $$", "DO $$ x := :a; y %% z $$"),
        ("DO $q$ $$ :a $q$; :b", "DO $q$ $$ :a $q$; %(b)s"),
        ("x := :a", "x := %(a)s"),
        ("SELECT :a -- tail", "SELECT %(a)s -- tail"),
        ("SELECT a$b$c, :a, 'd$b$e'", "SELECT a$b$c, %(a)s, 'd$b$e'"),
    ],
)
def test_only_parameters_are_rewritten(sql: str, written: str) -> None:
    assert for_psycopg(sql).decode() == written


@given(NAMES, QUIET)
@example("a", "::b :c % %s %(d)s $$ -- /* '")
def test_text_in_quotes_reaches_the_server_unchanged(name: str, text: str) -> None:
    string = "'" + text.replace("'", "''") + "'"
    quoted = '"' + text.replace('"', '""') + '"'
    sql = f"SELECT {string}, :{name}, {quoted}"
    assert sent(sql, [name]) == f"SELECT {string}, $1, {quoted}"


@given(NAMES, QUIET.filter(lambda text: not {"\n", "*", "/"} & set(text)))
def test_comments_reach_the_server_unchanged(name: str, text: str) -> None:
    sql = f"-- {text}\n/* {text} */ SELECT :{name}"
    assert sent(sql, [name]) == f"-- {text}\n/* {text} */ SELECT $1"


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_every_parameter_is_sent_in_its_place(names: list[str]) -> None:
    order = list(dict.fromkeys(names))
    sql = "SELECT " + ", ".join(f":{name}::text" for name in names)
    expected = ", ".join(f"${order.index(name) + 1}::text" for name in names)
    assert sent(sql, names) == f"SELECT {expected}"


@given(QUIET)
def test_a_dollar_quote_is_skipped_whole(text: str) -> None:
    body = text.replace("$", "")
    assert sent(f"DO $x${body} :a$x$, :b", ["b"]) == f"DO $x${body} :a$x$, $1"
