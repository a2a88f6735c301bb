"""What travels as JSON, as pydantic models: the same that serve it make the OpenAPI document."""
