"""The documentation site's own checks. The environment ``docs`` runs them; ``lint`` cannot."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

pytest.importorskip("mkdocs", reason="run by the environment docs")

from site_benchmarks import on_page_markdown as list_benchmarks
from site_commands import on_page_markdown as check_commands
from site_commands import problems_of
from site_docstrings import translate
from site_links import on_page_markdown as resolve_links
from site_links import on_post_page
from site_math import on_page_content

PAGE = SimpleNamespace(file=SimpleNamespace(src_uri="howto/one.md"))
FILES = SimpleNamespace(get_file_from_path=lambda path: path == "models.md")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](../models.md#b)", "[a](../models.md#b)"),
        ("[a](#b)", "[a](#b)"),
        ("[a](https://example.org)", "[a](https://example.org)"),
        ("[a](../../packages/fomm-demo/README.md#options)", "[a](host.md)"),
        ("[a](../../packages/fomm-core/README.md#models)", "[a](../models.md)"),
        ("[a](../../packages/fomm-core/README.md#commands)", "[a](animate.md)"),
        ("[`a`](../../LICENSE)", "`a`"),
        ("![a](../animate.gif)", "![a](../animate.gif)"),
    ],
)
def test_links_lead_to_pages_or_are_text(link, expected, caplog):
    assert resolve_links(link, page=PAGE, files=FILES) == expected
    assert caplog.messages == []


def test_a_link_that_leads_nowhere_is_a_warning(caplog):
    assert resolve_links("[a](../nothing.md)", page=PAGE, files=FILES) == "a"
    assert caplog.messages == ["howto/one.md: the link ../nothing.md leads to no file"]


def test_what_is_fetched_from_elsewhere_is_a_warning(caplog):
    on_post_page('<a href="https://example.org">, <img src="a.png">', page=PAGE)
    assert caplog.messages == []
    on_post_page('<script src="https://example.org/a.js"></script>', page=PAGE)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ("animate --source a.png --only-generated -o b", []),
        ("animate --no-paste-back --face all | cat --what", []),
        ("animate [--fps 25]  # --what", []),
        ("animate --sauce a.png", ["no option --sauce"]),
        ("dance --source a.png", ["no command dance"]),
    ],
)
def test_commands_must_exist_with_their_options(line, problems):
    assert list(problems_of(line)) == problems


def test_commands_are_found_in_blocks_of_code_and_help_is_filled_in(caplog):
    caplog.set_level(logging.WARNING)
    text = "```\nmpirun -n 2 fomm animate \\\n    --sauce a\n```\nfomm dance\n\nhelp: fomm doctor\n"
    shown = check_commands(text, page=PAGE)
    assert "Usage: fomm doctor [OPTIONS]" in shown
    assert [message.rpartition(": ")[2] for message in caplog.messages] == ["no option --sauce"]


def test_formulas_become_mathml():
    shown = on_page_content(r'<p><span class="arithmatex">\(a &lt; b\)</span></p>')
    assert shown.startswith("<p><math")
    assert "&#x0003C;" in shown


def test_references_of_docstrings_become_code():
    text = "See :func:`~a.b.move`, :data:`HOME` and :class:`a.B`::\n\n    x"
    assert translate(text) == "See `move`, `HOME` and `a.B`:\n\n    x"


def test_benchmarks_are_listed_by_what_they_say():
    shown = list_benchmarks("Before\n\nbenchmarks: all\n")
    assert "| `fomm-core/benchmarks/memory.py` | " in shown
    assert shown.startswith("Before\n\n| file |")
