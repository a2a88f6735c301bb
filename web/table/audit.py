"""The audit."""

from typing import Final

from web.api import audit
from web.audit_told import MEDIA_TYPES, AuditFormat
from web.bodies import Invalid
from web.endpoint import Content, Doc, Endpoint
from web.rights import Access, Scope
from web.schema.audit import AuditPage, AuditQuery

_READ: Final = Access(user=True, scope=Scope.AUDIT_READ)

_ALL: Final = "`limit` and `cursor` mean nothing here."

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/audit",
        audit.list_rows,
        _READ,
        Doc(
            "What happened in the jobs that you own, and with your account, newest first",
            {200: AuditPage},
            errors=(Invalid,),
            query=AuditQuery,
            more="Whoever owns no job sees their own account alone.",
        ),
    ),
    Endpoint(
        "GET",
        "/api/audit/export.jsonl",
        audit.export_lines,
        _READ,
        Doc(
            "The same, all of it, oldest first, as JSON lines",
            {200: Content(MEDIA_TYPES[AuditFormat.JSONL])},
            errors=(Invalid,),
            query=AuditQuery,
            more=_ALL,
        ),
    ),
    Endpoint(
        "GET",
        "/api/audit/export.csv",
        audit.export_csv,
        _READ,
        Doc(
            "The same for a spreadsheet",
            {200: Content(MEDIA_TYPES[AuditFormat.CSV])},
            errors=(Invalid,),
            query=AuditQuery,
            more=_ALL,
        ),
    ),
)
