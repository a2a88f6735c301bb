"""What trust needs: notices, retention, requests, an audit

Revision: 0005
Before it: 0004
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each room has a function of its own."""


def downgrade() -> None:
    """The same, backwards."""
