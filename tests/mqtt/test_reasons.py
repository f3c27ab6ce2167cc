"""Why a broker cannot be reached."""

import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from streamrec.mqtt.reasons import reason_of


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_certificate_that_is_not_trusted(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=me"
    subprocess.run(
        [*made.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve():
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(server.accept()[0], server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=serve)
        serving.start()
        client = socket.create_connection(server.getsockname())
        with client, pytest.raises(ssl.SSLError) as caught:
            ssl.create_default_context().wrap_socket(client, server_hostname="me")
        serving.join()
    assert reason_of(caught.value).startswith("TLS: its certificate is not trusted: self")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError("timed out"), "no answer"),
        (socket.gaierror(-2, "Name not known"), "its name is not found: Name not known"),
        (OSError("me:hidden@host"), "no connection"),
        (None, "no connection"),
    ],
)
def test_the_reason_is_the_systems_word_for_it(error, reason):
    assert reason_of(error) == reason
