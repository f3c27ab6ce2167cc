"""``streamrec mqtt``: events and cameras to an MQTT broker, and so to Home Assistant."""

import argparse
import signal
from typing import Any

from streamrec.cli.key_options import add_keys
from streamrec.types import DEFAULT_ENDPOINT


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("mqtt", help="carry events and cameras to an MQTT broker")
    parser.add_argument(
        "--broker",
        required=True,
        metavar="URL",
        help="mqtt[s]://USER:{PASSWORD}@HOST:PORT; {NAME} is a secret from the environment or "
        "the system's secrets (required)",
    )
    parser.add_argument(
        "--ca",
        default="",
        metavar="FILE",
        help="certificates to check mqtts by; default: the system's",
    )
    parser.add_argument(
        "--endpoint",
        default=DEFAULT_ENDPOINT,
        help=f"where the service publishes; default: {DEFAULT_ENDPOINT}",
    )
    parser.add_argument(
        "--prefix", default="streamrec", help="first part of the topics; default: streamrec"
    )
    parser.add_argument(
        "--discovery",
        default="homeassistant",
        metavar="PREFIX",
        help="where Home Assistant finds cameras by itself; '': nowhere; default: homeassistant",
    )
    add_keys(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from streamrec.client import Subscriber
    from streamrec.health.logs import log_to_stderr
    from streamrec.mqtt.bridge import KINDS, Bridge
    from streamrec.mqtt.broker import parse_broker
    from streamrec.service.secrets import resolve

    log_to_stderr("text")
    broker = parse_broker(resolve(args.broker))
    bridge = Bridge(broker, prefix=args.prefix, discovery=args.discovery, ca=args.ca)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: bridge.stop())
    keys = {"server_key": args.server_key, "key": args.key}
    bridge.run(lambda miss: Subscriber(args.endpoint, kinds=KINDS, on_gap=miss, **keys))
    return 0
