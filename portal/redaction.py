"""
What logs and error reports may tell: where something went wrong, never with which values.

An exception quotes whatever it stumbled over: a database names the row that it refused, a parser
the text that it could not read. Here both may be somebody's income.
"""

import logging
import re
import traceback
from collections.abc import Mapping
from copy import copy
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.regex_helper import _lazy_re_compile
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

#: Links whose last part is a secret: an invitation, a new password.
SECRET_LINKS = re.compile(r"(/(?:invitation|password-reset/[^/\s]+)/)[^/\s?]+")

HIDDEN = "(not shown: it may hold what nobody may see)"


def hide_links(text: str) -> str:
    """Return *text* with dots for the secret part of each link in it."""
    return SECRET_LINKS.sub(r"\1…", text)


class Formatter(logging.Formatter):
    """Write tracebacks without the exceptions' own texts, and links without their secrets."""

    def format(self, record: logging.LogRecord) -> str:
        # A copy: another handler may have kept the exception's text on the record.
        record = copy(record)
        record.exc_text = None
        if isinstance(record.args, Mapping) and "exc" in record.args:
            # Celery writes the exception into the message itself.
            hidden = dict.fromkeys(("exc", "traceback", "args", "kwargs"), HIDDEN)
            record.args = {**record.args, **hidden}
        return hide_links(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return the stack and the exception's type, and those of what it came from."""
        told = traceback.TracebackException(*ei)
        _silence(told)
        return "".join(told.format()).rstrip()


def _silence(told: traceback.TracebackException | None) -> None:
    """Take the texts out of *told*, its causes and what it groups."""
    while told is not None:
        told._str = HIDDEN  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way in 3.11
        told.__notes__ = None
        for each in told.exceptions or ():
            _silence(each)
        told = told.__cause__ or told.__context__


class ReportFilter(SafeExceptionReporterFilter):
    """Leave what was typed, and all variables, out of error reports."""

    hidden_settings = _lazy_re_compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|URL|DATABASES|HOST_USER|QUERY_STRING",
        flags=SafeExceptionReporterFilter.hidden_settings.flags,
    )

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        if settings.DEBUG:
            return super().get_post_parameters(request)
        return dict.fromkeys(request.POST if request else (), HIDDEN)

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        if settings.DEBUG:
            return super().get_traceback_frame_variables(request, tb_frame)
        return [(name, HIDDEN) for name in tb_frame.f_locals]


class Report(ExceptionReporter):
    """An error report that says where, not with what."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        if not settings.DEBUG:
            data |= {"exception_value": HIDDEN, "exception_notes": "", "unicode_hint": ""}
            data |= {"request_GET_items": [], "request_COOKIES_items": [], "request_insecure_uri": HIDDEN}
            for frame in data["frames"]:
                frame["exc_cause"] = frame["exc_cause"] and type(frame["exc_cause"]).__name__
        return data
