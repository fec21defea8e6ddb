"""Answers to webhooks that are refused."""

from aiohttp import web

from bot.sources import Malformed, Unauthorized
from bot.web.body_limits import TooLarge, TooSlow, UnknownEncoding, error_response


def refusal_response(problem: Exception, largest: int, hint: str) -> web.Response:
    """
    Response to a request that would be refused again if it were repeated.

    `largest`: bytes of a body. `hint`: how to send less.
    """
    match problem:
        case TooLarge():
            size = f"{largest // 1024**2} MB" if largest >= 1024**2 else f"{largest // 1024} KB"
            return error_response(413, f"The body is larger than {size}. {hint}")
        case TooSlow():
            return error_response(408, "The body did not arrive in time.")
        case UnknownEncoding():
            return error_response(415, problem.message)
        case Unauthorized():
            return error_response(401, problem.message)
        case Malformed():
            return error_response(400, problem.message, **({"field": problem.field} if problem.field else {}))
        case _:
            return error_response(400, "The body does not match its Content-Encoding.")
