"""From what the network raises to what the partner's developer reads. Pure."""

import errno
import os
import socket
import ssl

from cryptography import x509

from deliveries.causes import Cause
from deliveries.sender.outcome import Phase, SendError

#: We ran out of something; the endpoint has nothing to do with it.
OUR_ERRORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}

NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"}
TOO_OLD = {"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"}

# OpenSSL's X509_V_ERR_*.
NOT_YET_VALID, EXPIRED, SELF_SIGNED, WRONG_HOST, WRONG_ADDRESS = 9, 10, 18, 62, 64
UNKNOWN_ISSUERS = {2, 19, 20, 21}


def failure(phase: Phase, error: BaseException) -> SendError:
    """Name the cause of *error*, which was raised in *phase*."""
    if isinstance(error, OSError) and error.errno in OUR_ERRORS:
        return _internal(error)
    if isinstance(error, socket.gaierror):
        return SendError(Cause.DNS, _dns_detail(error))
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return SendError(Cause.TLS, _tls_detail(error))
    if isinstance(error, OSError):
        return _connection_failure(phase, error)
    if phase is Phase.WAIT:
        return SendError(Cause.INVALID_RESPONSE, "The answer is not valid HTTP/1.1.")
    return _internal(error)


def _internal(error: BaseException) -> SendError:
    return SendError(
        Cause.INTERNAL,
        f"We could not send the request ({type(error).__name__}). Your endpoint has nothing to do with it.",
    )


def _dns_detail(error: socket.gaierror) -> str:
    if error.errno == socket.EAI_AGAIN:
        return "The name servers of the host failed to answer."
    return "The host name has no address in the public DNS."


def _connection_failure(phase: Phase, error: OSError) -> SendError:
    if phase is Phase.CONNECT:
        return SendError(Cause.CONNECT, _connect_detail(error))
    if phase is Phase.TLS:
        return SendError(Cause.TLS, "The connection was closed during the TLS handshake.")
    if isinstance(error, ConnectionResetError):
        return SendError(Cause.DISCONNECT, "The connection was reset before the answer was complete.")
    return SendError(Cause.DISCONNECT, "The connection broke before the answer was complete.")


def _connect_detail(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "The host refused the connection: nothing is listening on that port."
    if error.errno in UNREACHABLE:
        return "The host cannot be reached: there is no route to it."
    return f"The connection could not be made: {os.strerror(error.errno or 0)}."


def _tls_detail(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason in NOT_TLS:
        return "The port does not speak TLS; it may be one for plain http."
    if reason in TOO_OLD:
        return "The server only speaks TLS older than 1.2, which is no longer safe."
    if reason.endswith("UNRECOGNIZED_NAME"):
        return "The server has no certificate for this host name."
    if reason.endswith("CERTIFICATE_REQUIRED"):
        return "The server asks us for a client certificate, which we do not have."
    words = reason.lower().replace("_", " ") or "no reason given"
    return f"The encrypted connection could not be made: {words}."


def certificate_fault(
    error: ssl.SSLCertVerificationError, host: str, certificate: x509.Certificate | None
) -> SendError:
    """Say what is wrong with *certificate*, as far as it is known."""
    return SendError(Cause.TLS, _certificate_detail(error, host, certificate))


def _certificate_detail(
    error: ssl.SSLCertVerificationError, host: str, certificate: x509.Certificate | None
) -> str:
    match error.verify_code:
        case code if code == EXPIRED:
            since = f" on {certificate.not_valid_after_utc:%-d %B %Y at %H:%M UTC}" if certificate else ""
            return f"The certificate expired{since}."
        case code if code == NOT_YET_VALID:
            until = f" before {certificate.not_valid_before_utc:%-d %B %Y}" if certificate else " yet"
            return f"The certificate is not valid{until}."
        case code if code in {WRONG_HOST, WRONG_ADDRESS}:
            names = f"for {_names(certificate)}, " if certificate else ""
            return f"The certificate is {names}not for {host}."
        case code if code == SELF_SIGNED:
            return "The certificate is self-signed; it must come from a public certificate authority."
        case code if code in UNKNOWN_ISSUERS:
            return (
                "The certificate's issuer is unknown: it is a private one, or the server does not send "
                "its intermediate certificates."
            )
        case _:
            return f"The certificate does not hold: {error.verify_message}."


def _names(certificate: x509.Certificate) -> str:
    """Return a few of the names that *certificate* is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [str(name)[:100] for name in names.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, ValueError):
        hosts = []
    shown = [ascii(host)[1:-1] for host in hosts[:3]]
    more = [f"{len(hosts) - 3} more"] if len(hosts) > 3 else []
    return ", ".join(shown + more) or "no host name"
