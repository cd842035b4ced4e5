"""What to paste so that an application's own code reaches the simulator."""

from __future__ import annotations

from pathlib import Path

from simulator.settings import CARRIER

_CALLS = f"-u ACxxx:token https://{CARRIER}/2010-04-01/Accounts/ACxxx/Calls.json"
_HTTPS = 443


def to_paste(port: int, ca: Path) -> str:
    """Lines for a shell, by language, for clients that know proxies."""
    proxy = f"http://127.0.0.1:{port}"
    return "\n".join(
        (
            f"{CARRIER} is at the proxy {proxy}; trust {ca}",
            f"  Python  export HTTPS_PROXY={proxy} NO_PROXY= {_python(ca)}",
            f"  Node    export HTTP_PROXY={proxy} HTTPS_PROXY={proxy} NODE_EXTRA_CA_CERTS={ca}",
            f"  curl    curl --proxy {proxy} --cacert {ca} {_CALLS}",
        )
    )


def to_paste_for_hosts(port: int, ca: Path) -> str:
    """Lines for a shell that make this machine the carrier's host, whatever a client knows."""
    return "\n".join(
        (
            f"{CARRIER} is at 127.0.0.1:{port}; trust {ca}",
            f"  hosts   echo '127.0.0.1 {CARRIER}' | sudo tee -a /etc/hosts",
            *(() if port == _HTTPS else (_redirect(port),)),
            f"  Python  export {_python(ca)}",
            f"  Node    export NODE_EXTRA_CA_CERTS={ca}",
            f"  curl    curl --connect-to {CARRIER}:443:127.0.0.1:{port} --cacert {ca} {_CALLS}",
        )
    )


def _python(ca: Path) -> str:
    """requests reads the one, everything that leaves it to the ssl module reads the other."""
    return f"REQUESTS_CA_BUNDLE={ca} SSL_CERT_FILE={ca}"


def _redirect(port: int) -> str:
    return (
        f"  port    sudo iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport {_HTTPS} "
        f"-j REDIRECT --to-ports {port}"
    )
