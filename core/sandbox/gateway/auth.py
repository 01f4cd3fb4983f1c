"""Keys, tokens and sign-in: the caller of a request, and sessions as the auth service issues them."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from core.sandbox.gateway.database import Caller, Database
from core.sandbox.gateway.errors import ApiError, answer

TOKEN_S: Final = 3600
_JWT: Final = "eyJ"
_LEGACY_ENDS: Final = 4_102_444_800
_OWNER: Final = Caller(role="postgres", claims={})


class ApiKeys(msgspec.Struct, frozen=True):
    """A project's API keys and the secret that signs its tokens."""

    publishable: str
    secret: str
    signing: str


def new_keys() -> ApiKeys:
    """Return new random keys."""
    return ApiKeys(
        f"sb_publishable_{secrets.token_urlsafe(24)}", f"sb_secret_{secrets.token_urlsafe(24)}", secrets.token_hex(32)
    )


def password_hash(password: str) -> str:
    """Return the hash of a password; a plain SHA-256 is enough for passwords that the sandbox made itself."""
    return hashlib.sha256(password.encode()).hexdigest()


class Auth:
    """Identifies callers and signs users in."""

    def __init__(self, keys: ApiKeys, database: Database) -> None:
        self.keys = keys
        self._database = database
        self._refresh: dict[str, tuple[str, str]] = {}  # token: (user, session)

    def caller(self, request: Request) -> Caller:
        """Return the caller: by a user's token, else by the API key. Raises ApiError (401)."""
        hint = "Double check your Supabase `anon` or `service_role` API key."
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        key = request.headers.get("apikey") or request.query_params.get("apikey") or token
        if not key:
            raise _gateway("No API key found in request", "No `apikey` request header or url param was found.")
        if hmac.compare_digest(key.encode(), self.keys.secret.encode()):
            role = "service_role"
        elif hmac.compare_digest(key.encode(), self.keys.publishable.encode()):
            role = "anon"
        elif key.startswith(_JWT):
            role = self._legacy(key, hint)
        else:
            raise _gateway("Invalid API key", hint)
        if not token or token == key:
            return Caller(role=role, claims={})
        claims = self.claims(token)
        return Caller(role=str(claims.get("role", "anon")), claims=claims)

    def legacy(self, role: str) -> str:
        """Return a key of the kind before `sb_`: a JWT without a user. It expires as late as the platform allows."""
        return self.encode({"iss": "supabase", "ref": "sandbox", "role": role, "exp": _LEGACY_ENDS})

    def verify_jwt(self, request: Request) -> None:
        """Check for a JWT, as before every function not deployed otherwise. Raises ApiError."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            self.claims(token)
        except ApiError as error:
            told = "Invalid JWT" if token else "Missing authorization header"
            refused = ApiError(401, None, told)
            refused.body = {"code": 401, "message": told}
            raise refused from error

    def _legacy(self, key: str, hint: str) -> str:
        try:
            return str(self.claims(key)["role"])
        except ApiError as error:
            raise _gateway("Invalid API key", hint) from error

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token, its signature and expiry checked. Raises ApiError (PGRST301, PGRST303)."""
        parts = token.split(".")
        if len(parts) != 3:
            wrong = f"Expected 3 parts in JWT; got {len(parts)}"
            raise ApiError(401, "PGRST301", wrong)
        signed = self._sign(f"{parts[0]}.{parts[1]}")
        if not hmac.compare_digest(signed.encode(), parts[2].encode()):
            raise ApiError(401, "PGRST301", "No suitable key or wrong key type")
        try:
            claims = msgspec.json.decode(_unpack(parts[1]), type=dict[str, Any])
        except (msgspec.DecodeError, binascii.Error, ValueError) as error:
            raise ApiError(401, "PGRST301", "JWT cryptographic operation failed") from error
        if claims.get("exp", 0) <= time.time():
            raise ApiError(401, "PGRST303", "JWT expired")
        if claims.get("role") not in {"anon", "authenticated", "service_role"}:
            raise ApiError(401, "PGRST303", "the token's role is not known")
        return claims

    async def token(self, request: Request) -> Response:
        """Handle POST /auth/v1/token, by password or by refresh token."""
        self.caller(request)
        try:
            body = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except msgspec.DecodeError:
            return _refused("bad_json", "Could not read the request body as JSON")
        grant = request.query_params.get("grant_type")
        if grant == "password":
            user = await self._user("email", str(body.get("email", "")).lower())
            if user is None or user["password"] != password_hash(str(body.get("password", ""))):
                return _refused("invalid_credentials", "Invalid login credentials")
            return answer(self._session(user, secrets.token_hex(16)))
        if grant == "refresh_token":
            owner, session = self._refresh.pop(str(body.get("refresh_token", "")), ("", ""))
            user = await self._user("id", owner) if owner else None
            if user is None:
                return _refused("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
            return answer(self._session(user, session))
        return _refused("unsupported_grant_type", f"unsupported grant type {grant}")

    async def user(self, request: Request) -> Response:
        """Handle GET /auth/v1/user."""
        claims = self.caller(request).claims
        user = await self._user("id", str(claims["sub"])) if "sub" in claims else None
        if user is None:
            return answer({"code": 403, "error_code": "bad_jwt", "msg": "invalid claim: missing sub claim"}, 403)
        return answer(_described(user))

    async def logout(self, request: Request) -> Response:
        """Handle POST /auth/v1/logout: end all sessions of this user, or with `scope=local` this one."""
        claims = self.caller(request).claims
        local = request.query_params.get("scope", "global") == "local"
        key, which = ("session_id", 1) if local else ("sub", 0)
        self._refresh = {token: own for token, own in self._refresh.items() if own[which] != claims.get(key)}
        return Response(status_code=204)

    async def _user(self, column: str, word: str) -> dict[str, Any] | None:
        async with self._database.transaction(_OWNER, read_only=True) as cursor:
            await cursor.execute(
                "SELECT id::text, email, password_sha256, app_metadata, to_json(created_at) #>> '{}'"
                " FROM auth.users WHERE " + {"email": "email = %s", "id": "id::text = %s"}[column],
                (word,),
            )
            row = await cursor.fetchone()
        return None if row is None else dict(zip(("id", "email", "password", "app", "created"), row, strict=True))

    def _session(self, user: dict[str, Any], session: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "aud": "authenticated",
            "exp": now + TOKEN_S,
            "iat": now,
            "sub": user["id"],
            "email": user["email"],
            "role": "authenticated",
            "app_metadata": user["app"],
            "user_metadata": {},
            "session_id": session,
            "jti": secrets.token_hex(8),  # two of one second are two
        }
        refresh = secrets.token_urlsafe(24)
        self._refresh[refresh] = (user["id"], session)
        return {
            "access_token": self.encode(claims),
            "token_type": "bearer",
            "expires_in": TOKEN_S,
            "expires_at": now + TOKEN_S,
            "refresh_token": refresh,
            "user": _described(user),
        }

    def encode(self, claims: dict[str, Any]) -> str:
        """Return a signed token with these claims."""
        head = f"{_pack(_HEADER)}.{_pack(msgspec.json.encode(claims))}"
        return f"{head}.{self._sign(head)}"

    def _sign(self, text: str) -> str:
        return _pack(hmac.digest(self.keys.signing.encode(), text.encode(), "sha256"))


_HEADER: Final = b'{"alg":"HS256","typ":"JWT"}'


def _described(user: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": user["id"],
        "aud": "authenticated",
        "role": "authenticated",
        "email": user["email"],
        "app_metadata": user["app"],
        "user_metadata": {},
        "identities": [],
        "created_at": user["created"],
        "updated_at": user["created"],
    }


def _gateway(message: str, hint: str) -> ApiError:
    error = ApiError(401, None, message)
    error.body = {"message": message, "hint": hint}
    return error


def _refused(code: str, message: str) -> Response:
    return answer({"code": 400, "error_code": code, "msg": message}, 400)


def _pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
