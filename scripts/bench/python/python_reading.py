"""The same stream, read the straightforward way: subscribe, walk over the protobuf bytes without a schema, publish JSON.

For comparison only. Needs Debian's python3-paho-mqtt. It knows the envelope and its mask, and nothing of what a field means:
no model tables, no judgement of the grid, no ages, no checks. Broker and login come in the environment.

python_reading.py             reads from the broker until it is ended
python_reading.py walk FILE   walks over the payloads of FILE, one in hex a line, for two seconds; prints payloads a second
"""
import json
import os
import sys
import time

HEADER, PDATA, SRC, ENC_TYPE, SEQ, APP = 1, 1, 2, 6, 14, 32


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def walk(data):
    """Field number to values; whatever has the length of bytes is tried as a message, a text, and else shown as hex."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = data[at : at + 8].hex(), at + 8
        elif kind == 5:
            value, at = data[at : at + 4].hex(), at + 4
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            if len(value) < size:
                raise ValueError("cut off")
        else:
            raise ValueError(f"wire type {kind}")
        if number == 0 or at > len(data):
            raise ValueError("no message")
        fields.setdefault(number, []).append(value)
    return fields


def readable(value):
    if not isinstance(value, bytes):
        return value
    try:
        inner = walk(value)
        return {str(number): [readable(v) for v in values] for number, values in inner.items()}
    except (ValueError, IndexError):
        return value.decode() if value.isascii() else value.hex()


def read(payload):
    headers = []
    for raw in walk(payload).get(HEADER, []):
        header = walk(raw)
        pdata = header.get(PDATA, [b""])[0]
        if header.get(ENC_TYPE, [0])[0] == 1 and header.get(SRC, [0])[0] != APP:
            key = header.get(SEQ, [0])[0] & 0xFF
            pdata = bytes(byte ^ key for byte in pdata)
        header[PDATA] = [pdata]
        headers.append({str(number): [readable(v) for v in values] for number, values in header.items()})
    return json.dumps({"headers": headers})


def measure_walk(path):
    with open(path, encoding="ascii") as file:
        payloads = [bytes.fromhex(line) for line in file]
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < 2:
        for payload in payloads:
            read(payload)
        count += len(payloads)
    print(round(count / (time.perf_counter() - start)))


def listen():
    import paho.mqtt.client as mqtt

    client = mqtt.Client(client_id="python-reading")
    if "MQTT_USER" in os.environ:
        client.username_pw_set(os.environ["MQTT_USER"], os.environ["MQTT_PASS"])

    def on_connect(client, *_):
        client.subscribe("bridge-ecoflow/+/data")
        print("READY", flush=True)

    def on_message(client, _userdata, message):
        serial = message.topic.split("/")[1]
        client.publish(f"python-reading/{serial}", read(message.payload))

    client.on_connect, client.on_message = on_connect, on_message
    client.connect(os.environ["MQTT_HOST"], int(os.environ["MQTT_PORT"]))
    client.loop_forever()


if __name__ == "__main__":
    measure_walk(sys.argv[2]) if sys.argv[1:2] == ["walk"] else listen()
