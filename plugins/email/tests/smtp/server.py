"""An SMTP server (aiosmtpd) that does as the test says and tells what happens, one JSON object a line.

Its one argument is a JSON object: `replies` (command -> list of replies; null accepts, "DROP" hangs up; past its end
everything is accepted), `tls` ("none", "starttls", "tls"), `certificate`, `key`, `user`, `password`, `mechanism`, `port`.
The first line tells the port.
"""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# Broken handshakes are what some tests are about.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
warnings.simplefilter("ignore")

options = json.loads(sys.argv[1])
replies = {command: list(script) for command, script in options.get("replies", {}).items()}
connections = 0


def tell(**event):
    print(json.dumps(event), flush=True)


def scripted(command, server):
    script = replies.get(command)
    reply = script.pop(0) if script else None
    if reply == "DROP":
        server.transport.close()
    return reply


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        reply = scripted("MAIL", server)
        if reply is None:
            envelope.mail_from = address
        return reply or "250 sender fine"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = scripted("RCPT", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 recipient fine"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in message.walk() if not part.is_multipart()]
        tell(
            event="message",
            connection=server.number,
            secured=session.ssl is not None,
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            hello=session.host_name,
            headers={name: str(value) for name, value in message.items()},
            type=message.get_content_type(),
            parts=[[part.get_content_type(), part.get_content()] for part in parts],
            defects=[repr(defect) for part in message.walk() for defect in part.defects],
        )
        reply = scripted("DATA", server)
        return reply or "250 2.0.0 queued as 4711"

    async def handle_QUIT(self, server, session, envelope):
        tell(event="quit", connection=server.number)
        return "221 bye"


class Server(SMTP):
    def connection_made(self, transport):
        global connections
        if not hasattr(self, "number"):
            connections += 1
            self.number = connections
            tell(event="connected", connection=self.number)
        super().connection_made(transport)


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == options["user"].encode() and data.password == options["password"].encode()
    tell(event="login", mechanism=mechanism, good=good)
    # Not `handled`: the library itself says 235 or 535.
    return AuthResult(success=good, handled=False)


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options["certificate"], options["key"])
    return context


async def follow_the_test():
    """Answers each line with an event, so that the test knows all that came before it; ends with the test."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        tell(event="synced")


async def main():
    tls = options.get("tls", "none")
    settings = {"hostname": "sink.test"}
    if tls == "starttls":
        settings.update(tls_context=tls_context(), require_starttls=True)
    if "user" in options:
        mechanisms = {"PLAIN", "LOGIN"} - {options.get("mechanism", "PLAIN")}
        # Implicit TLS is below what the server class sees.
        settings.update(
            auth_required=True,
            auth_require_tls=tls == "starttls",
            auth_exclude_mechanism=mechanisms,
            authenticator=authenticate,
        )
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: Server(Handler(), **settings), "127.0.0.1", options.get("port", 0), ssl=tls_context() if tls == "tls" else None
    )
    tell(event="listening", port=listener.sockets[0].getsockname()[1])
    await follow_the_test()
    listener.close()


asyncio.run(main())
