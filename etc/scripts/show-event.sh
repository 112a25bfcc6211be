#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says what it was given, where a script of yours would act: arguments, facts, and the event itself.
set -eu

number=0
for argument in "$@"; do
  number=$((number + 1))
  printf 'argument %s: %s\n' "$number" "$argument"
done
env | grep '^ONEVENT' | sort
printf 'stdin: %.160s ...\n' "$(cat)"
