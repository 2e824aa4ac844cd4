"""Errors as problem details (RFC 9457): the only kind of error body this API has."""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    field: str
    message: str


class ProblemBody(BaseModel):
    """RFC 9457. ``detail`` is Chinese and fit to be said to the courier; ``errors`` comes with a bad request body."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """Raised by the API's own code to answer with a problem."""

    def __init__(self, status: int, kind: str, detail: str, errors: list[FieldError] | None = None) -> None:
        super().__init__(kind)
        title = HTTPStatus(status).phrase
        self.body = ProblemBody(
            type=f"/problems/{kind}", title=title, status=status, detail=detail, errors=errors or []
        )

    def response(self, headers: dict[str, str] | None = None) -> JSONResponse:
        content = self.body.model_dump(exclude=None if self.body.errors else {"errors"})
        return JSONResponse(content, self.body.status, headers, media_type=MEDIA_TYPE)


HTTP_DETAILS = {404: "没有这个地址。", 405: "这个地址不支持这种请求。"}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem: its own, the framework's, and bugs."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> JSONResponse:
        return error.response({"WWW-Authenticate": "Bearer"} if error.body.status == 401 else None)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        kind = re.sub(r"\W+", "-", HTTPStatus(error.status_code).phrase.lower())
        detail = HTTP_DETAILS.get(error.status_code, "请求不对。")
        return Problem(error.status_code, kind, detail).response(dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # Where and why, never the value: an error is logged by whoever gets it.
        errors = [FieldError(field=".".join(map(str, e["loc"])), message=e["msg"]) for e in error.errors()]
        detail = "请求里有不对的内容：" + "、".join(dict.fromkeys(str(e["loc"][-1]) for e in error.errors())) + "。"
        return Problem(422, "invalid-request", detail, errors).response()

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        return Problem(500, "internal-error", "系统出错了，请稍后再试。").response()
