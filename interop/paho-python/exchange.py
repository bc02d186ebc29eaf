"""What a program on paho does with an MQTT server. Prints one JSON object per observation.

Usage: exchange.py PORT VERSION TRANSPORT, with VERSION one of 3.1, 3.1.1 and 5, and TRANSPORT one of
tcp and websockets.
"""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT = int(sys.argv[1])
VERSION = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}[sys.argv[2]]
TRANSPORT = sys.argv[3]
IS_5 = VERSION == mqtt.MQTTv5
PATIENCE_SECONDS = 10


class Peer:
    """A client whose callbacks end up in queues."""

    def __init__(self, name, keeps_session=False):
        options = {
            "client_id": f"paho-{name}-{sys.argv[2]}",
            "protocol": VERSION,
            "transport": TRANSPORT,
        }
        if not IS_5:
            options["clean_session"] = not keeps_session
        if hasattr(mqtt, "CallbackAPIVersion"):  # paho 2
            options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        self.keeps_session = keeps_session
        self.connected = queue.Queue()
        self.messages = queue.Queue()
        self.subscribed = queue.Queue()
        self.disconnected = queue.Queue()
        self.client = mqtt.Client(**options)
        self.client.ws_set_options(path="/mqtt")
        self.client.on_connect = lambda _c, _u, flags, code, *_: self.connected.put(
            {"code": int(getattr(code, "value", code)), "session": flags["session present"]}
        )
        self.client.on_message = lambda _c, _u, message: self.messages.put(observed(message))
        self.client.on_subscribe = lambda _c, _u, _mid, granted, *_: self.subscribed.put(
            [int(getattr(one, "value", one)) for one in granted]
        )
        self.client.on_disconnect = lambda *_: self.disconnected.put(True)

    def connect(self):
        options = {}
        if IS_5:
            options["clean_start"] = not self.keeps_session
            if self.keeps_session:
                options["properties"] = Properties(PacketTypes.CONNECT)
                options["properties"].SessionExpiryInterval = 1000
        self.client.connect("127.0.0.1", PORT, **options)
        self.client.loop_start()
        return self.connected.get(timeout=PATIENCE_SECONDS)

    def subscribe(self, topic_filter, qos):
        self.client.subscribe(topic_filter, qos)
        return self.subscribed.get(timeout=PATIENCE_SECONDS)

    def publish(self, topic, payload, qos, retain=False, properties=None):
        options = {"properties": properties} if IS_5 else {}
        self.client.publish(topic, payload, qos, retain, **options).wait_for_publish(PATIENCE_SECONDS)

    def next_message(self):
        return self.messages.get(timeout=PATIENCE_SECONDS)

    def disconnect(self):
        self.client.disconnect()
        self.disconnected.get(timeout=PATIENCE_SECONDS)
        self.client.loop_stop()

    def die(self):
        """Goes without DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


def observed(message):
    result = {
        "topic": message.topic,
        "payload": message.payload.decode(),
        "qos": message.qos,
        "retain": bool(message.retain),
    }
    properties = getattr(message, "properties", None)
    for name in ("ContentType", "ResponseTopic", "UserProperty", "SubscriptionIdentifier"):
        if hasattr(properties, name):
            result[name] = getattr(properties, name)
    if hasattr(properties, "CorrelationData"):
        result["CorrelationData"] = properties.CorrelationData.decode()
    return result


def say(what, value):
    print(json.dumps({what: value}), flush=True)


def rich_properties():
    if not IS_5:
        return None
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "text/plain"
    properties.ResponseTopic = "paho/answers"
    properties.CorrelationData = b"c1"
    properties.UserProperty = [("unit", "degree"), ("unit", "kelvin")]
    return properties


def main():
    topic = f"paho/{sys.argv[2]}"
    listener = Peer("listener", keeps_session=True)
    publisher = Peer("publisher")
    say("first connect", listener.connect())
    say("granted", listener.subscribe(f"{topic}/#", 2))
    publisher.connect()
    for qos in (0, 1, 2):
        publisher.publish(f"{topic}/{qos}", f"at {qos}", qos, properties=rich_properties())
        say("message", listener.next_message())

    count = 300
    for index in range(count):
        publisher.client.publish(f"{topic}/many", f"{index}", 2)
    order = [int(listener.next_message()["payload"]) for _ in range(count)]
    say("in order", order == list(range(count)))

    listener.disconnect()
    publisher.publish(f"{topic}/offline", "one", 1)
    publisher.publish(f"{topic}/offline", "two", 2)
    say("second connect", listener.connect())
    say("message", listener.next_message())
    say("message", listener.next_message())

    mortal = Peer("mortal")
    mortal.client.will_set(f"{topic}/will", "gone", 1)
    mortal.connect()
    mortal.die()
    say("message", listener.next_message())

    publisher.publish(f"{topic}/kept", "kept", 1, retain=True)
    say("message", listener.next_message())
    latecomer = Peer("latecomer")
    latecomer.connect()
    latecomer.subscribe(f"{topic}/kept", 1)
    say("message", latecomer.next_message())
    for peer in (listener, publisher, latecomer):
        peer.disconnect()


main()
