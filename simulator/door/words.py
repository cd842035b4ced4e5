"""What to paste so that an application's own code reaches the simulator."""

from __future__ import annotations

from pathlib import Path


def to_paste(port: int, ca: Path) -> str:
    """Lines for a shell, by language."""
    proxy = f"http://127.0.0.1:{port}"
    return "\n".join(
        (
            f"api.twilio.com is at the proxy {proxy}; trust {ca}",
            f"  Python  export HTTPS_PROXY={proxy} REQUESTS_CA_BUNDLE={ca} NO_PROXY=",
            f"  Node    export HTTP_PROXY={proxy} HTTPS_PROXY={proxy} NODE_EXTRA_CA_CERTS={ca}",
            f"  curl    curl --proxy {proxy} --cacert {ca} -u ACxxx:token "
            "https://api.twilio.com/2010-04-01/Accounts/ACxxx/Calls.json",
        )
    )
