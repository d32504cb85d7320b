"""The API's description: valid, current, complete; its page loads nothing from elsewhere."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.live.server.small import small

from gioconda.live.server import documentation

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    async def story() -> dict[str, Any]:
        async with small() as here:
            answer = await here.http.get("/openapi.json")
            assert answer.status_code == 200
            return dict(answer.json())

    return asyncio.run(story())


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1/")
    ]


def test_it_is_what_openapi_allows(described: dict[str, Any]) -> None:
    from fastapi.openapi.models import OpenAPI

    assert described["openapi"].startswith("3.1")
    assert OpenAPI.model_validate(described).components is not None


def test_it_is_valid_by_the_specifications_own_schema(described: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(described)


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(described)))
    assert references
    assert references <= described["components"]["schemas"].keys()


def test_the_file_in_docs_is_current(described: dict[str, Any]) -> None:
    assert json.loads(DOCUMENT.read_text()) == described, "run scripts/write_openapi.py"


def test_every_route_says_what_it_does_answers_and_refuses(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(set(names)) == len(names)
    for name, operation in operations(described):
        assert operation["description"].endswith("."), name
        assert operation["tags"], name
        answers = operation["responses"]
        assert any(status.startswith("2") for status in answers), name
        assert "429" in answers, name
        if "{" in name:
            assert "404" in answers, name
        for status, answer in answers.items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/ErrorAnswer"), (name, status)


def test_every_route_of_the_api_is_described(described: dict[str, Any]) -> None:
    paths = set(described["paths"])
    assert {
        "/v1/server", "/v1/voices", "/v1/portraits", "/v1/portraits/{key}",
        "/v1/portraits/{key}/picture.jpg", "/v1/portraits/{key}/sheet.png", "/v1/sessions",
        "/v1/sessions/{key}", "/v1/sessions/{key}/controls", "/v1/sessions/{key}/say",
        "/v1/sessions/{key}/speech", "/v1/sessions/{key}/interrupt", "/v1/sessions/{key}/outputs",
        "/v1/sessions/{key}/outputs/{output}", "/v1/sessions/{key}/recording.mp4",
        "/v1/sessions/{key}/mjpeg", "/v1/jobs", "/v1/jobs/{key}", "/v1/jobs/{key}/events",
        "/v1/jobs/{key}/file",
    } <= paths  # fmt: skip


def test_the_forms_examples_are_what_the_routes_take(described: dict[str, Any]) -> None:
    from gioconda.live.server import answers, jobs

    content = described["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]
    example = content["multipart/form-data"]["example"]
    assert jobs.RenderOptions.model_validate_json(example["options"])
    for model in (
        answers.SessionRequest, answers.Change, answers.PortraitAnswer, answers.SessionAnswer,
        jobs.JobAnswer,
    ):  # fmt: skip
        examples = described["components"]["schemas"][model.__name__]["examples"]
        assert examples
        assert all(model.model_validate(given) for given in examples)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    async def story() -> None:
        async with small() as here:
            page = await here.http.get("/docs")
            assert page.status_code == 200
            loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
            assert loaded
            assert all(re.match(r"/[a-z]", link) for link in loaded), loaded
            assert "<script>" not in page.text, "the page's policy would not let it run"
            for link in loaded:
                answer = await here.http.get(link)
                assert answer.status_code == 200, link
                assert answer.headers["x-content-type-options"] == "nosniff"

    asyncio.run(story())


def test_no_page_of_the_server_names_another_host() -> None:
    page = documentation._folder() or pytest.skip("fastapi-offline is not installed")
    style = (page / "swagger-ui.css").read_text()
    outside = [
        u for u in re.findall(r"url\(([^)]+)\)", style) if not u.strip("'\"").startswith("data:")
    ]
    assert not outside
    assert "http" not in documentation._PAGE + documentation._START
