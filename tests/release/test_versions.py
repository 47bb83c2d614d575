"""Each package has a version, a changelog and metadata that agree, so that a tag is all a release needs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
HEADING = re.compile(r"^## \[?(\d+\.\d+\.\d+)\]? - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def project(package: Path) -> dict[str, Any]:
    return tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))


def version(package: Path) -> str:
    about = project(package)["tool"]["hatch"]["version"]["path"]
    [found] = re.findall(r'^__version__ = "(\d+\.\d+\.\d+)"$', (package / about).read_text(encoding="utf-8"), re.M)
    assert isinstance(found, str)
    return found


def test_there_are_five() -> None:
    assert [package.name for package in PACKAGES] == [
        "dashboard",
        "nlp-services",
        "sparkstream",
        "trending",
        "twitterhandler",
    ]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
class TestPackage:
    def test_the_changelog_begins_with_the_version(self, package: Path) -> None:
        changelog = (package / "CHANGELOG.md").read_text(encoding="utf-8")
        headings = HEADING.findall(changelog)
        assert headings[0][0] == version(package)
        assert [date for _, date in headings] == sorted((date for _, date in headings), reverse=True)
        assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= KINDS

    def test_the_metadata_are_those_of_the_house(self, package: Path) -> None:
        settings = project(package)["project"]
        assert settings["requires-python"] == ">=3.11"
        assert settings["license"] == "Apache-2.0"
        assert settings["readme"] == "README.md"
        assert 20 <= len(settings["description"]) <= 140
        assert "Typing :: Typed" in settings["classifiers"]

    def test_the_program_has_the_name_of_the_folder(self, package: Path) -> None:
        assert list(project(package)["project"]["scripts"]) == [package.name]

    def test_the_licence_is_that_of_the_root(self, package: Path) -> None:
        assert (package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()

    def test_it_says_that_it_is_typed(self, package: Path) -> None:
        assert list(package.glob("src/*/py.typed"))

    def test_the_root_lists_it_with_its_version(self, package: Path) -> None:
        name = project(package)["project"]["name"]
        index = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert f"| [{name}](packages/{package.name}/CHANGELOG.md) | {version(package)} |" in index


def test_siblings_are_asked_for_by_a_floor_that_exists() -> None:
    versions = {project(package)["project"]["name"]: version(package) for package in PACKAGES}
    for package in PACKAGES:
        settings = project(package)["project"]
        extras = [line for lines in settings.get("optional-dependencies", {}).values() for line in lines]
        for line in (*settings["dependencies"], *extras):
            name, _, floor = line.partition(">=")
            if name in versions:
                assert floor == versions[name], line


def test_links_between_documents_lead_somewhere() -> None:
    documents = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("packages/*/*.md"),
        *ROOT.glob("*/README.md"),
    ]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []
