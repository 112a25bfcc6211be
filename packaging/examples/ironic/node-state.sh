#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Notes the state of a node in a file of its own: STATE_DIRECTORY/UUID holds its name, its state and since when.
set -eu

uuid=$1 name=$2 before=$3 after=$4
directory=${STATE_DIRECTORY:?the configuration names no STATE_DIRECTORY}

# The UUID becomes the name of a file, and events come from elsewhere.
case $uuid in
  '' | *[!0-9A-Za-z-]*)
    echo "this is no UUID: $uuid" >&2
    exit 1
    ;;
esac

mkdir -p "$directory"
# Made beside and renamed, so that nobody ever reads half of it.
printf 'name=%s\nstate=%s\nsince=%s\n' "$name" "$after" "$ONEVENT_EVENT_TIME" >"$directory/.$uuid.new"
mv "$directory/.$uuid.new" "$directory/$uuid"
echo "$name: $before -> $after"
