"""Signing in by the organisation's identity provider: OpenID Connect, the code flow with PKCE, by Authlib."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from api.account import local, sign_in_page
from review.people import Person, PersonError, provided_person
from review.roles import roles
from review.sessions import SignedInBy
from review.settings import Settings

if TYPE_CHECKING:
    from authlib.integrations.starlette_client import StarletteOAuth2App

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False, prefix="/oidc")
MINUTES = 10  # how long a person may take at the provider
UNVERIFIED = (
    "Your provider does not say that your e-mail address is verified. Whoever runs the desk can set another claim."
)


def add_provider(app: FastAPI, settings: Settings) -> None:
    """Lets people sign in by the provider that the settings name. It is asked when the first of them does."""
    from authlib.integrations.starlette_client import OAuth

    assert settings.oidc_issuer is not None
    app.state.oidc = OAuth().register(
        "provider",
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_secret(),
        client_kwargs={"scope": settings.oidc_scope, "code_challenge_method": "S256", "timeout": 10},
    )
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_secret(),
        session_cookie="triage_oidc",
        path="/oidc",
        max_age=MINUTES * 60,
        same_site="lax",  # the provider sends the browser back from another site
        https_only=settings.secure_cookies,
    )
    app.include_router(router)


@router.get("/sign-in")
async def sign_in(request: Request, onward: str = "/") -> Response:
    from httpx2 import HTTPError

    client: StarletteOAuth2App = request.app.state.oidc
    request.session["onward"] = local(onward)
    back = f"{request.app.state.settings.public_url}/oidc/back"
    try:
        answer: Response = await client.authorize_redirect(request, back)
    except (HTTPError, ValueError, KeyError, RuntimeError) as error:
        logger.warning("The identity provider cannot be reached.", exc_info=error)
        alert = "The identity provider does not answer. Try again, or use another way to sign in."
        return await run_in_threadpool(sign_in_page, request, onward, alert=alert, status=502)
    return answer


@router.get("/back")
async def back(request: Request) -> Response:
    """Where the provider sends the browser with a code, which is changed for an identity here."""
    from authlib.integrations.starlette_client import OAuthError
    from httpx2 import HTTPError
    from joserfc.errors import JoseError

    settings: Settings = request.app.state.settings
    client: StarletteOAuth2App = request.app.state.oidc
    onward = local(str(request.session.get("onward", "/")))
    try:
        issuer = {"iss": {"essential": True, "values": [settings.oidc_issuer]}}
        token = await client.authorize_access_token(request, claims_options=issuer)
        person = await run_in_threadpool(_person, request, settings, token.get("userinfo") or {})
    except (OAuthError, HTTPError, JoseError, ValueError, KeyError, RuntimeError) as error:
        logger.warning("An identity was not accepted: %s", error)
        alert = (
            str(error) if isinstance(error, PersonError) else "The identity provider did not sign you in. Try again."
        )
        return await run_in_threadpool(sign_in_page, request, onward, alert=alert, status=401)
    request.session.clear()
    answer = RedirectResponse(onward, status_code=303)
    await run_in_threadpool(request.app.state.sessions.start, request, answer, person, SignedInBy.provider)
    return answer


def _person(request: Request, settings: Settings, claims: dict[str, Any]) -> Person:
    """Raises PersonError where the identity is nobody here."""
    name = str(claims.get(settings.oidc_name_claim) or "")
    if settings.oidc_name_claim == "email" and claims.get("email_verified") is not True:
        raise PersonError(UNVERIFIED)
    held = claims.get(settings.oidc_roles_claim, []) if settings.oidc_roles_claim else None
    if held is not None:
        held = [role for role in ([held] if isinstance(held, str) else held) if role in roles()]
    subject = f"{claims['iss']} {claims['sub']}"
    return provided_person(request.app.state.database, subject, name, held)
