"""Which of the carrier's error codes a failed request has (Twilio, "Error and warning dictionary").

11205 no connection, 11206 not HTTP, 11210 no such host, 11220 TLS, 11235 to 11237 the certificate,
11200 whatever else.
"""

from __future__ import annotations

import ssl

import aiohttp

HOSTNAME_MISMATCH, IP_MISMATCH, EXPIRED = 62, 64, 10
"""OpenSSL's X509_V_ERR_ numbers."""
_CERTIFICATE = {HOSTNAME_MISMATCH: 11235, IP_MISMATCH: 11235, EXPIRED: 11236}
_NO_PATH = 11237


def code_of(error: Exception) -> int:
    """The code of what an HTTP client raised."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _certificate_code(error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return 11220
        case aiohttp.ClientConnectorDNSError():
            return 11210
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return 11205
        case aiohttp.ClientResponseError():
            return 11206
    return 11200


def _certificate_code(error: Exception) -> int:
    number = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    return _CERTIFICATE.get(number, _NO_PATH)
