#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a playbook on one node: run-playbook.sh PLAYBOOK NODE. The event is in the playbook's variable `event`.
set -eu

playbook=$1 node=$2
# A comma would make it a list of hosts, and a leading dash an option.
case $node in
  '' | -* | *[!0-9A-Za-z._-]*)
    echo "this is no name of a node: $node" >&2
    exit 1
    ;;
esac

variables=$(mktemp)
trap 'rm -f "$variables"' EXIT
# Standard input is the event as JSON, and JSON is YAML: nothing has to be quoted.
{
  printf '{"event": '
  cat
  printf '}\n'
} >"$variables"

status=0
ansible-playbook --inventory "$node," --extra-vars "@$variables" "$playbook" </dev/null || status=$?
# 4 is Ansible's word for hosts that it could not reach: later, perhaps.
[ "$status" -ne 4 ] || exit 75
exit "$status"
