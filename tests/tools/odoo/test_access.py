"""There is one way to Odoo, and it goes through the table of what may be asked."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tools.odoo.access import ALLOWED, MODELS

ROOT = Path(__file__).parents[3]
PACKAGES = ("agent", "api", "evals", "prompts", "review", "tools")
ADAPTERS = {"tools/odoo/odoorpc_wire.py", "tools/odoo/json2_wire.py"}
ADDRESSES = ("/jsonrpc", "/json/2", "/xmlrpc", "/web/dataset", "/web/session", "execute_kw")
CLIENTS = {"odoorpc", "xmlrpc", "jsonrpc", "odoo_rpc_client", "erppeek", "odooly"}


@cache
def sources() -> dict[str, ast.Module]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def texts(tree: ast.Module) -> list[str]:
    """Text constants but docstrings, and names of attributes."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    constants = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]
    return constants + [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]


def test_only_the_two_adapters_know_a_client_or_an_address_of_odoos_interface():
    known = {
        name
        for name, tree in sources().items()
        if imported(tree) & CLIENTS or any(address in text for text in texts(tree) for address in ADDRESSES)
    }
    assert known == ADAPTERS


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_each_adapter_looks_the_call_up_before_anything_else(name):
    """`call` is its one way out: its first statement is the look-up, and what sends is called there and nowhere else."""
    tree = sources()[name]
    senders = {"execute_kw", "post", "get", "request", "send", "execute", "json", "http", "stream"}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    (call,) = [function for function in functions if function.name == "call"]
    first = ast.unparse(call.body[0])
    assert first == "require_allowed(model, method)"
    outside = [
        f"{function.name}: {ast.unparse(node)}"
        for function in functions
        if function is not call
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in senders
        and ast.unparse(node.func.value) not in ("data", "error.info", "content", "response", "response.headers")
    ]
    assert outside == []


def test_record_objects_of_odoorpc_are_not_used():
    tree = sources()["tools/odoo/odoorpc_wire.py"]
    assert {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}.isdisjoint(
        {"env", "model", "commit"}
    )


def test_everything_in_the_table_reads():
    reading = {"search", "search_read", "search_count", "read", "fields_get"}
    asking = {"has_access", "check_access_rights", "has_group", "context_get"}
    assert set(ALLOWED) == set(MODELS)
    assert {method for methods in ALLOWED.values() for method in methods} == reading | asking
    assert [model for model, methods in ALLOWED.items() if {"has_group", "context_get"} & methods] == ["res.users"]
