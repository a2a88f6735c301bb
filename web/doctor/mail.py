"""Mail: can candidates be sent their code, and HR be told of requests?"""

import asyncio

from db.clock import Clock
from web.doctor.finding import Finding, ok, warn
from web.mail import Mailer, MailFailed, MailSettings


async def examine_mail(settings: MailSettings, clock: Clock) -> Finding:
    """Reach the mail server and sign in there; nothing is sent."""
    if not settings.host:
        return ok("mail", "None is sent: no mail server is set (mail.host). HR can release recordings without a code")
    host, port = settings.address
    try:
        await asyncio.to_thread(Mailer(settings, clock).try_connection)
    except MailFailed as failed:
        remedy = "Look at the [mail] settings and at the mail server. Until then candidates get no codes by e-mail."
        return warn("mail", f"{host} port {port}: {failed}", remedy)
    return ok("mail", f"{host} port {port} takes mail from {settings.sender}")
