#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pika-listener.py URL QUEUE COUNT CONFIGURATION

The Python listener that onevent replaces, in its own way of working, written anew for the benchmark: pika's
BlockingConnection, automatic acknowledgement, the body and the text inside it read with json, the event's type
compared to each section of an INI file, regular expressions on the payload, and os.system for the script with its
values, one after another.

Handles COUNT messages, then prints when it began to handle the first and when it had handled the last, in nanoseconds
of the monotonic clock. Without acknowledgements the broker pushes everything at once: how long the queue is does not
say how far the listener is.
"""

import configparser
import json
import os
import re
import sys
import time

import pika


def value_at(payload, path):
    for part in path.split("."):
        payload = payload[part]
    return payload


class Action:
    def __init__(self, section):
        self.events = [name.strip() for name in section["events"].split(",")]
        self.script = section["script"]
        self.params = [name.strip() for name in section.get("script_params", "").split(",") if name]
        self.filters = json.loads(section.get("filter_params", "{}"))

    def handle(self, event_type, payload):
        if event_type not in self.events:
            return
        if all(re.match(pattern, value_at(payload, path)) for path, pattern in self.filters.items()):
            os.system(" ".join([self.script, *(value_at(payload, path) for path in self.params)]))


class Listener:
    def __init__(self, actions, count):
        self.actions = actions
        self.left = count
        self.first = None

    def on_message(self, channel, _method, _properties, body):
        if self.first is None:
            self.first = time.monotonic_ns()
        message = json.loads(json.loads(body)["oslo.message"])
        payload = message["payload"]["esi_leap_object.data"]
        for action in self.actions:
            action.handle(message["event_type"], payload)
        self.left -= 1
        if self.left == 0:
            print(self.first, time.monotonic_ns(), flush=True)
            channel.stop_consuming()


def main():
    url, queue, count, path = sys.argv[1:]
    configuration = configparser.ConfigParser()
    configuration.read(path)
    actions = [Action(configuration[name]) for name in configuration.sections() if "events" in configuration[name]]
    listener = Listener(actions, int(count))
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.basic_consume(queue=queue, on_message_callback=listener.on_message, auto_ack=True)
    channel.start_consuming()
    connection.close()


main()
