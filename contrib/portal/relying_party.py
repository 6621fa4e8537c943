#!/usr/bin/env python3
"""A sample login that sends people to the portal and takes them back signed in (HAND_OVER.md).

    pip install 'PyJWT[crypto]'
    relying_party.py --listen 127.0.0.1:9000 --portal http://localhost:8080 --issuer http://localhost:8080

It shows what has to be checked, and nothing else: its sessions are in memory, and it has no passwords of its own.
What it says on standard output is one line of JSON when it serves.
"""

import argparse
import hmac
import html
import json
import secrets
import threading
import time
import urllib.parse
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

TOKEN_TYPE = "readmit-sign-in+jwt"
LEEWAY = 30  # seconds that two clocks may differ
LONGEST_BODY = 16 * 1024
LONGEST_SESSION = 3600
MOST_SESSIONS = 10_000
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "nonce"]


class Refused(Exception):
    """Nobody is signed in; the text is for the log and for the person."""


class Verifier:
    """Says who a token signs in, once."""

    def __init__(self, portal, issuer, audience):
        self.issuer, self.audience = issuer, audience
        # Fetched when needed, kept for five minutes, and looked at again for an unknown `kid`.
        self.keys = jwt.PyJWKClient(portal + "/.well-known/jwks.json", lifespan=300, timeout=10)
        self.used, self.lock = {}, threading.Lock()

    def verify(self, token, nonce):
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            # The algorithm is ours to name, never the token's: RFC 8725 section 3.1.
            found = jwt.decode_complete(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise Refused(f"the token is not good: {error}") from error
        claims = found["payload"]
        if found["header"].get("typ") != TOKEN_TYPE:
            raise Refused("the token is of another type")
        if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
            raise Refused("the token was made for another browser")
        self.use_once(claims["jti"], claims["exp"])
        return claims

    def use_once(self, token_id, expires):
        """Remembers a token for as long as it could be good. With several servers, keep this in their database."""
        now = time.time()
        with self.lock:
            self.used = {one: until for one, until in self.used.items() if until > now}
            if token_id in self.used:
                raise Refused("the token was used already")
            self.used[token_id] = expires + 2 * LEEWAY


class Sessions:
    """What this login knows of a browser, by a cookie that nobody can guess."""

    def __init__(self):
        self.all, self.lock = {}, threading.Lock()

    def begin(self, **what):
        """Always with a new secret, so that nobody can plant one."""
        secret, now = secrets.token_urlsafe(32), time.time()
        with self.lock:
            self.all = {one: kept for one, kept in self.all.items() if kept["until"] > now}
            if len(self.all) >= MOST_SESSIONS:
                self.all.pop(next(iter(self.all)))
            self.all[secret] = {**what, "until": now + LONGEST_SESSION}
        return secret

    def find(self, secret):
        with self.lock:
            found = self.all.get(secret)
        return found if found and found["until"] > time.time() else None

    def take(self, secret):
        """Finds it, and ends it."""
        found = self.find(secret)
        with self.lock:
            return self.all.pop(secret, None) and found


class Login(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/recover":
            return self.send_to_the_portal()
        if path != "/":
            return self.page(HTTPStatus.NOT_FOUND, "There is no such page")
        session = self.server.sessions.find(self.cookie()) or {}
        if "account" in session:
            return self.page(HTTPStatus.OK, f"Signed in as {session['account']}", session["told"])
        self.page(HTTPStatus.OK, "Sign in", link=("/recover", "I have lost my device"))

    def send_to_the_portal(self):
        """Both values are made here, kept with this browser, and asked for again when it comes back."""
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        asked = {
            "client_id": self.server.client_id,
            "redirect_uri": self.server.redirect_uri,
            "state": state,
            "nonce": nonce,
        }
        session = self.server.sessions.begin(state=state, nonce=nonce)
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"{self.server.portal}/recover?{urllib.parse.urlencode(asked)}")
        self.set_cookie(session)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return self.page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is too much")
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        fields = urllib.parse.parse_qs(body, max_num_fields=16)
        if urllib.parse.urlsplit(self.path).path != self.server.redirect_path:
            return self.page(HTTPStatus.NOT_FOUND, "There is no such page")
        try:
            self.come_back({name: values[0] for name, values in fields.items()})
        except Refused as refused:
            self.page(HTTPStatus.FORBIDDEN, "You are not signed in", str(refused))

    def come_back(self, fields):
        # The state belongs to this browser, and is good once: neither can somebody else sign a person in as
        # themselves, nor can the same answer come twice.
        began = self.server.sessions.take(self.cookie()) or {}
        state = fields.get("state", "")
        if not began.get("state") or not hmac.compare_digest(began["state"].encode(), state.encode()):
            raise Refused("this browser has not asked for this")
        if "error" in fields:
            return self.page(HTTPStatus.OK, "There was no recovery", "Sign in as usual, or try again.")
        claims = self.server.verifier.verify(fields.get("token", ""), began["nonce"])
        # Ours to decide: who may be signed in, whether these proofs are enough, what else has to be done.
        told = f"by {', '.join(claims['amr'])}; left to do: {', '.join(claims['readmit']['tasks']) or 'nothing'}"
        session = self.server.sessions.begin(account=claims["sub"], told=told)
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.set_cookie(session)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def cookie(self):
        found = SimpleCookie(self.headers.get("Cookie", "")).get("login")
        return found.value if found else ""

    def set_cookie(self, value):
        # The portal sends the browser back by a form. Where it is another site than this one (another registrable
        # domain), a browser brings the cookie only with SameSite=None, and that only over https.
        apart = "SameSite=None; Secure" if self.server.other_site else "SameSite=Lax"
        self.send_header("Set-Cookie", f"login={value}; Path=/; HttpOnly; {apart}")

    def page(self, status, title, text="", link=None):
        parts = [f"<!doctype html><html lang=en><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"]
        if text:
            parts.append(f"<p>{html.escape(text)}</p>")
        if link:
            parts.append(f'<p><a href="{html.escape(link[0])}">{html.escape(link[1])}</a></p>')
        body = "".join(parts).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        """Addresses may hold what is nobody's business: nothing is logged."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:9000", help="host:port of this login")
    parser.add_argument("--portal", required=True, help="where the portal is: its public_url")
    parser.add_argument("--issuer", required=True, help="sign_in.issuer of the daemon")
    parser.add_argument("--client-id", default="sample", help="clients.id of the portal, in sign_in.audiences of the daemon")
    parser.add_argument("--redirect-uri", help="clients.redirect_uris of the portal; default: http://LISTEN/recovered")
    parser.add_argument("--other-site", action="store_true", help="the portal is another site than this one; needs https")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Login)
    server.portal, server.client_id = options.portal.rstrip("/"), options.client_id
    server.redirect_uri = options.redirect_uri or f"http://{options.listen}/recovered"
    server.redirect_path = urllib.parse.urlsplit(server.redirect_uri).path
    server.other_site = options.other_site
    server.sessions = Sessions()
    server.verifier = Verifier(server.portal, options.issuer, options.client_id)
    print(json.dumps({"event": "listening", "address": options.listen}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
