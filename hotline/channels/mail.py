"""E-mail by SMTP: one connection a message, and a clear word on whether it may have gone out."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from typing import Literal

from hotline.channels.base import Address, ChannelError, Message

TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class MailChannel:
    """The centre's mail server; without `host` there is none."""

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)

    def send(self, address: Address, message: Message) -> str | None:
        """Hand one message to the mail server and return its Message-ID; raises ChannelError."""
        mail = self._mail(address, message)
        handed_over = False
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            _expect(server.mail(self.sender), 250)
            _expect(server.rcpt(address.to), 250, 251)
            # `data` sends the text and waits for the answer: from here on silence says nothing.
            handed_over = True
            _expect(server.data(mail.as_bytes()), 250)
        except smtplib.SMTPResponseException as error:
            raise ChannelError(f"SMTP {error.smtp_code}", retryable=400 <= error.smtp_code < 500) from error
        except (OSError, smtplib.SMTPException) as error:
            what = type(error).__name__
            raise ChannelError(what, retryable=not handed_over, unknown_outcome=handed_over) from error
        finally:
            if server is not None:
                # What the server says to our goodbye changes nothing.
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()
        return str(mail["Message-ID"])

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self.security == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        server.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if self.user:
            server.login(self.user, self.password)
        return server

    def _mail(self, address: Address, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = Mailbox("12351工会服务职工热线", addr_spec=self.sender)
        mail["To"] = address.to
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = make_msgid(idstring=message.key, domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    code, said = answer
    if code not in codes:
        raise smtplib.SMTPResponseException(code, said)
