"""The configuration file: what is right is read, what is wrong is named with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from posthouse.server.configuration import ConfigurationError, parse_configuration, read_configuration
from posthouse.server.configuration.kinds import settings_of
from posthouse.server.configuration.lines import find_lines
from posthouse.server.configuration.reference import effective, reference, undescribed
from posthouse.server.configuration.tree import places

DOCS = Path(__file__).parents[3] / "docs"


def read(document: str) -> Any:
    return parse_configuration(document, "posthouse.toml", Path("/srv/mail"))


def mistakes(document: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(document)
    return str(caught.value).splitlines()


def test_an_empty_file_means_the_defaults() -> None:
    configuration = read("")
    assert configuration.listeners.imaps.port == 993
    assert configuration.server.directory == "/srv/mail"


def test_a_listener_keeps_its_own_defaults_beside_what_is_set() -> None:
    imaps = read("listeners.imaps.port = 0").listeners.imaps
    assert (imaps.port, imaps.tls, imaps.enabled) == (0, "implicit", True)


def test_relative_places_begin_at_the_directory() -> None:
    where = places(read('[server]\ndirectory = "var"\n[tls]\nkey = "/etc/key.pem"'))
    assert where.control_socket == Path("/srv/mail/var/run/control.sock")
    assert where.certificate == Path("/srv/mail/var/keys/certificate.pem")
    assert where.certificate_key == Path("/etc/key.pem")


def test_an_unknown_key_is_named_with_its_line_and_a_suggestion() -> None:
    assert mistakes("[server]\n\nworkrs = 3") == [
        "posthouse.toml:3: unknown key 'server.workrs'; did you mean 'workers'?"
    ]


def test_networks_are_looked_at() -> None:
    assert read('listeners.smtp.proxies = ["192.0.2.0/24", "2001:db8::1"]').listeners.smtp.proxies[1] == "2001:db8::1"
    [mistake] = mistakes('[http]\nmetrics_networks = ["192.0.2.0/33"]')
    assert mistake.endswith("expected a list, each a network such as 192.0.2.0/24")
    [mistake] = mistakes("[listeners.smtp]\nproxies = [1]")
    assert mistake.startswith("posthouse.toml:2: 'listeners.smtp.proxies' is [1]")


def test_an_unknown_table_is_named() -> None:
    [mistake] = mistakes("[server]\nworkers = 1\n[sever.x]\ny = 1")
    assert mistake == "posthouse.toml:3: unknown key 'sever'; did you mean 'server'?"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[server]\nworkers = -1", "2: 'server.workers' is -1; expected a whole number from 0 to 256"),
        ("[server]\nworkers = true", "2: 'server.workers' is true; expected a whole number from 0 to 256"),
        ('server.test = "yes"', "1: 'server.test' is \"yes\"; expected true or false"),
        ('[tls]\nminimum_version = "1.0"', '2: \'tls.minimum_version\' is "1.0"; expected one of "1.2", "1.3"'),
        ("[listeners.smtp]\nhosts = [\n]", "2: 'listeners.smtp.hosts' is []; expected a list, each text"),
        ("tls = 1", "1: 'tls' is a table: write [tls]"),
        ("a = \n", "1: not valid TOML: Invalid value"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(document: str, message: str) -> None:
    assert mistakes(document) == [f"posthouse.toml:{message}"]


def test_all_mistakes_are_named_at_once_in_their_order() -> None:
    lines = mistakes("[log]\nlevel = 1\n[server]\nworkers = -1\nx = 1")
    assert [line.split(":")[1] for line in lines] == ["2", "4", "5"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: No such file"):
        read_configuration(tmp_path / "none.toml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "posthouse.toml").write_bytes(b"[server]\n\xff")
    with pytest.raises(ConfigurationError, match=r"posthouse\.toml:2: this is not UTF-8"):
        read_configuration(tmp_path / "posthouse.toml")


def test_the_reference_page_is_fresh() -> None:
    assert (DOCS / "configuration.md").read_text() == reference(), "posthouse config reference > docs/configuration.md"


def test_every_setting_is_described() -> None:
    assert undescribed() == []


def test_the_shown_values_are_those_in_effect() -> None:
    assert effective(read("server.workers = 3"))["server"]["workers"] == 3


def test_secrets_are_known_by_their_declaration() -> None:
    class Slice(Struct):
        open: Annotated[str, Meta(description="a")] = ""
        key: Annotated[str, Meta(description="b", extra={"secret": True})] = ""

    assert [setting.is_secret for setting in settings_of(Slice)] == [False, True]


def test_lines_of_all_ways_to_write_a_key() -> None:
    document = """\
a.b = 1 # comment
"c.d" . 'e' = [
  1, # [
  { f = "]", g.h = 3 },
]
[t . u]
v = \"\"\"
w = 1
\\\"\"\" ""\"\"\"
w = '''
x'''
[[r]]
s = 1979-05-27T07:32:00Z
[[r]]
[r.q]
s = true
[[r.p]]
s = inf
"""
    tomllib.loads(document)
    lines = find_lines(document)
    wanted = {
        ("a", "b"): 1, ("c.d", "e"): 2, ("c.d", "e", 0): 3, ("c.d", "e", 1, "f"): 4, ("c.d", "e", 1, "g", "h"): 4,
        ("t", "u"): 6, ("t", "u", "v"): 7, ("t", "u", "w"): 10, ("r",): 12, ("r", 0, "s"): 13, ("r", 1): 14,
        ("r", 1, "q", "s"): 16, ("r", 1, "p", 0): 17, ("r", 1, "p", 0, "s"): 18,
    }  # fmt: skip
    assert {path: lines.get(path) for path in wanted} == wanted


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[ # ]\n" + ",\n".join(map(written, value)) + "\n]"
    return "{" + ", ".join(f"{quoted(key)} = {written(inner)}" for key, inner in value.items()) + "}"


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in paths(each, (*path, key)))]


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_every_path_of_every_document_has_its_line(tree: dict[str, dict[str, Any]]) -> None:
    document = ""
    starts = {}
    for table, pairs in tree.items():
        document += f"[{quoted(table)}]\n"
        for key, value in pairs.items():
            starts[table, key] = document.count("\n") + 1
            document += f"{quoted(key)} = {written(value)}\n"
    assert tomllib.loads(document) == tree
    lines = find_lines(document)
    assert set(lines) == set(paths(tree)[1:])
    assert {path: lines[path] for path in starts} == starts
