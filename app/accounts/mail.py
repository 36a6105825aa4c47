"""E-mail: through the mail server of the settings; without one, to the log."""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

import structlog

from app.errors import BadSetting, NotSent
from app.settings import Settings

log = structlog.get_logger("patchwork")

SECONDS_TO_WAIT = 20
LONGEST_EMAIL = 254
# What everybody's mailbox looks like; stranger ones exist and are not worth the doubt.
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")
PORTS = {"smtp": 25, "smtps": 465}


def read_email(text: str) -> str | None:
    """Return an e-mail address in lower case, or None if it does not look like one."""
    email = text.strip().lower()
    return email if len(email) <= LONGEST_EMAIL and _EMAIL.fullmatch(email) else None


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail goes out, read from PATCHWORK_SMTP_URL."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    sender: str

    @property
    def is_on_this_machine(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        return self.host in {"127.0.0.1", "localhost", "::1"}


def mail_server_of(settings: Settings) -> MailServer | None:
    """Return the mail server; None: there is none. Raises BadSetting."""
    if not settings.smtp_url:
        return None
    try:
        parts = urlsplit(settings.smtp_url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadSetting(
            "PATCHWORK_SMTP_URL must be like smtp://user:password@mail.example:587 or"
            " smtps://user:password@mail.example."
        )
    if read_email(parseaddr(settings.mail_from)[1]) is None:
        raise BadSetting("PATCHWORK_MAIL_FROM must be the e-mail address that links come from.")
    return MailServer(
        parts.scheme, parts.hostname, port or PORTS[parts.scheme],
        unquote(parts.username or ""), unquote(parts.password or ""), settings.mail_from,
    )  # fmt: skip


def send(settings: Settings, *, to: str, subject: str, text: str) -> None:
    """Send an e-mail. Raises NotSent, without the address in its words."""
    server = mail_server_of(settings)
    if server is None:
        raise NotSent("No mail server is set: PATCHWORK_SMTP_URL.")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=urlsplit(settings.base_url).hostname or "localhost")
    # Holiday replies to a sign-in link help nobody.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        _hand_over(server, message)
    except (OSError, smtplib.SMTPException) as error:
        log.error("e-mail not sent", kind=type(error).__name__)
        raise NotSent("The mail server did not take the e-mail. Try again in a minute.") from error


def _hand_over(server: MailServer, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    opened = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS_TO_WAIT, context=context)
        if server.scheme == "smtps"
        else smtplib.SMTP(server.host, server.port, timeout=SECONDS_TO_WAIT)
    )
    with opened as connection:
        if server.scheme == "smtp" and not server.is_on_this_machine:
            connection.ehlo()
            # With a password there is no doubt: unencrypted, everybody on the way could read it.
            if connection.has_extn("starttls") or server.password:
                connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)
