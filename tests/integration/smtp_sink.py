#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An SMTP relay (aiosmtpd) that keeps what it takes.

usage: smtp_sink.py PORT FOLDER [CERT KEY]

Each message becomes FOLDER/N.eml behind lines "X-From:" and "X-To:".  What
goes to an address that begins with "never" is refused for good, with "later"
for now.  With a certificate it offers STARTTLS, and takes nothing without.
The file FOLDER/slow makes it wait a second before it answers.
"""
import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Keeper:
    def __init__(self, folder):
        self.folder = folder

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never"):
            return "550 5.1.1 \x1b[31mnobody\x1b[0m of that name"
        if address.startswith("later"):
            return "451 4.2.1 come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if os.path.exists(f"{self.folder}/slow"):
            await asyncio.sleep(1)
        n = sum(name.endswith(".eml") for name in os.listdir(self.folder))
        path = f"{self.folder}/{n + 1}"
        with open(path + ".new", "wb") as f:
            f.write(b"X-From: %s\r\nX-To: %s\r\nX-TLS: %s\r\n" % (
                envelope.mail_from.encode(),
                ",".join(envelope.rcpt_tos).encode(),
                b"yes" if session.ssl is not None else b"no"))
            f.write(envelope.original_content)
        os.rename(path + ".new", path + ".eml")
        return "250 taken"


async def main(port, folder, *tls):
    options = {}
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        options = {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Keeper(folder), hostname="relay", loop=loop, **options),
        "127.0.0.1", int(port), reuse_address=True)
    with open(f"{folder}/ready", "w", encoding="ascii") as f:
        f.write(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
