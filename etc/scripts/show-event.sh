#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says what a script is given: its arguments, the facts in its environment, and the event on its standard input.
set -eu

number=0
for argument in "$@"; do
  number=$((number + 1))
  printf 'argument %s: %s\n' "$number" "$argument"
done
env | grep '^ONEVENT_' | sort
printf 'stdin: %.160s ...\n' "$(cat)"
