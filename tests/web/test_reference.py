"""The document arranged for reading."""

from web.reference import Field, sections_of

DOCUMENT = {
    "paths": {
        "/api/things/{id}": {
            "post": {
                "operationId": "post_things",
                "tags": ["things"],
                "summary": "Make one",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {
                    "404": {"description": "Not found", "content": {"application/problem+json": {"schema": {}}}},
                    "200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/c/s/Thing"}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "description": "What it is called."},
                    "kind": {"enum": ["a", "b"]},
                    "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                    "again": {"$ref": "#/components/schemas/Thing"},
                },
            },
            "Part": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}},
        }
    },
}


def test_fields_are_spelled_out_and_loops_end() -> None:
    (section,) = sections_of(DOCUMENT)
    (operation,) = section.operations
    assert (section.name, operation.method, operation.summary) == ("things", "POST", "Make one")
    assert [field.name for field in operation.parameters] == ["limit"]
    assert operation.body[:5] == [
        Field("name", "string", "What it is called.", required=True),
        Field("kind", '"a" | "b"', "", required=False),
        Field("size", "integer or null", "", required=False),
        Field("parts", "list of object", "", required=False),
        Field("parts[].at", "string (date-time)", "", required=False),
    ]
    assert max(field.name.count("again") for field in operation.body) == 4


def test_answers_stand_before_refusals() -> None:
    (operation,) = sections_of(DOCUMENT)[0].operations
    assert [outcome.status for outcome in operation.outcomes] == ["200"]
    assert [refusal.status for refusal in operation.refusals] == ["404"]
    assert operation.refusals[0].fields == []
