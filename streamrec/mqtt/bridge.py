"""The bridge: hears a service, tells an MQTT broker, for ever."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from streamrec.client import Gap, Subscriber
from streamrec.errors import EndpointError, OptionError, RuntimeMissingError
from streamrec.mqtt.broker import Broker
from streamrec.mqtt.presence import Presence
from streamrec.mqtt.reasons import reason_of
from streamrec.mqtt.topics import OFFLINE, ONLINE, Publication, Topics
from streamrec.mqtt.translate import Translator
from streamrec.version import __version__

if TYPE_CHECKING:
    from paho.mqtt.client import Client

KINDS = ("event", "status", "heartbeat")

Subscribe: TypeAlias = Callable[[Callable[[Gap], None]], Subscriber[Any]]
"""Opens a subscriber that calls this where messages are missing."""

QUEUED = 1000
"""Messages held while the broker is away; states are told anew when it is back."""

_WAIT_S = 0.25
_KEEPALIVE_S = 30
_LONGEST_RETRY_S = 30
_AT_LEAST_ONCE = 1

_LOGIN = frozenset({"Bad user name or password", "Not authorized", "Banned"})
"""Reasons that do not go away by trying again."""

_log = logging.getLogger("streamrec")


class Bridge:
    """Carries events and states of a service to a broker.

    Args:
        broker: where to.
        prefix: first part of its topics.
        discovery: Home Assistant's discovery prefix; empty: nothing is said for it.
        ca: file of the certificates that a broker with TLS is checked against; empty: the
            system's.

    Raises:
        OptionError: a prefix that is not allowed, or certificates that cannot be read.
        RuntimeMissingError: paho-mqtt is not installed.
    """

    def __init__(
        self, broker: Broker, *, prefix: str = "streamrec", discovery: str = "", ca: str = ""
    ) -> None:
        self._broker, self._topics = broker, Topics(prefix)
        if discovery:
            Topics(discovery)
        self._translator = Translator(self._topics, discovery, __version__)
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._new = threading.Event()
        self._refused = self._trouble = ""
        self._is_answered = False
        self._presence, self._misses = Presence(time.monotonic()), False
        self._client = self._make_client(ca)

    def stop(self) -> None:
        """Make `run` return; may be called by signal handlers and threads."""
        self._stopping.set()

    def run(self, subscribe: Subscribe) -> None:
        """Carry messages until `stop` is called.

        Args:
            subscribe: opens a subscriber of a service, for ``KINDS``.

        Raises:
            EndpointError: the broker refuses the login.
        """
        self._client.connect_async(self._broker.host, self._broker.port, _KEEPALIVE_S)
        self._client.loop_start()
        try:
            while not self._stopping.is_set():
                with closing(subscribe(self._miss)) as subscriber:
                    self._carry(subscriber)
        finally:
            self._end()

    def _carry(self, subscriber: Subscriber[Any]) -> None:
        """Carry messages; where some are missing, join anew, which tells what is open."""
        self._translator.join()
        self._misses = False
        while not (self._misses or self._stopping.is_set()):
            message = subscriber.receive(_WAIT_S)
            now_s = time.monotonic()
            if message is not None:
                self._presence.hear(now_s)
                self._publish(self._translator.take(message, now_s))
            self._publish(self._translator.turn(now_s))
            self._presence.look(now_s, subscriber.why_silent)
            self._publish(self._translator.alive(self._presence.is_heard))
            self._follow_connection()

    def _miss(self, gap: Gap) -> None:
        _log.warning("messages of %s are missing (%s); joining anew", gap.source, gap.kind)
        self._misses = True

    def _follow_connection(self) -> None:
        """Tell a broker that has just been connected everything."""
        if self._refused:
            raise EndpointError(f"the broker {self._broker} refuses: {self._refused}")
        if self._new.is_set():
            self._new.clear()
            _log.info("connected to the broker %s", self._broker)
            self._publish([Publication(self._topics.bridge, ONLINE)])
            self._publish(self._translator.everything())

    def _publish(self, publications: Iterable[Publication]) -> None:
        for topic, payload, retain in publications:
            if self._connected.is_set() or not retain:
                self._client.publish(topic, payload, qos=_AT_LEAST_ONCE, retain=retain)

    def _end(self) -> None:
        """Say that the bridge has gone, which the last will does where it cannot."""
        if self._connected.is_set():
            gone = self._client.publish(self._topics.bridge, OFFLINE, _AT_LEAST_ONCE, retain=True)
            with suppress(ValueError, RuntimeError):  # it is lost just now, or takes nothing
                gone.wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _make_client(self, ca: str) -> "Client":
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ModuleNotFoundError:
            raise RuntimeMissingError(
                "the MQTT bridge needs an extra package: pip install 'streamrec[mqtt]'"
            ) from None
        client = Client(CallbackAPIVersion.VERSION2)
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password or None)
        if self._broker.tls:
            try:
                client.tls_set(ca or None)
            except (OSError, ValueError) as error:
                raise OptionError(f"cannot use the certificates in {ca}: {error}") from None
        client.will_set(self._topics.bridge, OFFLINE, _AT_LEAST_ONCE, retain=True)
        client.reconnect_delay_set(1, _LONGEST_RETRY_S)
        client.max_queued_messages_set(QUEUED)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        return client

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, _: Any) -> None:
        self._is_answered = True
        if reason.is_failure and str(reason) in _LOGIN:
            self._refused = str(reason)
        elif reason.is_failure:
            self._tell(f"refuses ({reason})")
        else:
            self._trouble = ""
            self._connected.set()
            self._new.set()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: Any, _: Any) -> None:
        if self._connected.is_set():
            self._tell(f"is lost ({reason})")
        elif not self._is_answered:
            other = "mqtt" if self._broker.tls else "mqtts"
            self._tell(f"breaks off without an answer (is it {other}:// rather?)")
        self._is_answered = False
        self._connected.clear()

    def _on_connect_fail(self, client: Any, data: Any) -> None:
        """Say why; paho-mqtt calls this while it handles the error."""
        self._tell(f"cannot be reached: {reason_of(sys.exception())}")

    def _tell(self, trouble: str) -> None:
        """Log a trouble, once while it lasts."""
        if trouble != self._trouble and not self._stopping.is_set():
            self._trouble = trouble
            _log.warning("the broker %s %s; trying again", self._broker, trouble)
