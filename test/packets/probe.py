"""Sends and receives in many network namespaces from one process: a socket belongs to the namespace that it was made in.

Reads one line of JSON, {"listen": [...], "flows": [...]}, and writes one line for each flow that gets an answer:
{"flow": 3, "answer": "m1abcde"} with the namespace that answered, or {"flow": 3, "answer": null} where it was refused.
The answer to a query is its bytes in hexadecimal. Ends with its input.
"""

import ctypes
import json
import os
import selectors
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
NETWORK = 0x40000000
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

selector = selectors.DefaultSelector()


def enter(namespace):
    """The calling thread, of which there is one, goes on in a namespace."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if LIBC.setns(descriptor, NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    finally:
        os.close(descriptor)


def tell(flow, answer):
    print(json.dumps({"flow": flow, "answer": answer}), flush=True)


def listen(order):
    enter(order["namespace"])
    own = socket.socket(socket.AF_INET, KINDS[order["protocol"]])
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setblocking(False)
    own.bind((order["address"], order["port"]))
    name = order["namespace"].encode()
    if order["protocol"] == "tcp":
        own.listen(256)
        selector.register(own, selectors.EVENT_READ, lambda: accept(own, name))
    else:
        selector.register(own, selectors.EVENT_READ, lambda: echo(own, name))


def accept(own, name):
    client, _ = own.accept()
    client.sendall(name)
    client.close()


def echo(own, name):
    _, sender = own.recvfrom(64)
    own.sendto(name, sender)


def send(flow):
    enter(flow["namespace"])
    own = socket.socket(socket.AF_INET, KINDS[flow["protocol"]])
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setblocking(False)
    own.bind((flow["source"], flow["sourcePort"]))
    own.connect_ex((flow["destination"], flow["port"]))
    if flow["protocol"] == "udp":
        own.send(bytes.fromhex(flow["payload"]))
    selector.register(own, selectors.EVENT_READ, lambda: answered(own, flow))


def answered(own, flow):
    try:
        answer = own.recv(4096)
        tell(flow["flow"], answer.hex() if flow["query"] else answer.decode())
    except ConnectionRefusedError:
        tell(flow["flow"], None)
    except OSError as error:
        # Nobody refused: the flow is told by who dropped it.
        if error.errno not in (110, 113):
            raise
    selector.unregister(own)
    own.close()


orders = json.loads(sys.stdin.readline())
selector.register(sys.stdin, selectors.EVENT_READ, sys.exit)
for order in orders["listen"]:
    listen(order)
for order in orders["flows"]:
    send(order)
while True:
    for key, _ in selector.select():
        key.data()
