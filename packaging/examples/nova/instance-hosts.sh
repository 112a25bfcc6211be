#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes or removes the hosts file of an instance: instance-hosts.sh add UUID NAME ADDRESS, or remove UUID.
set -eu

directory=${HOSTS_DIRECTORY:?the configuration names no HOSTS_DIRECTORY}
verb=$1 uuid=$2

# What a tenant chose must not become a path, or a second line of the file.
refuse() {
  echo "$*" >&2
  exit 1
}
case $uuid in '' | *[!0-9a-f-]*) refuse "this is no UUID: $uuid" ;; esac

case $verb in
  add)
    name=$3 address=$4
    case $name in '' | -* | *[!0-9A-Za-z-]*) refuse "this name cannot stand in the DNS: $name" ;; esac
    case $address in '' | *[!0-9.]*) refuse "this is no address: $address" ;; esac
    mkdir -p "$directory"
    printf '%s %s\n' "$address" "$name" >"$directory/.$uuid.new"
    mv "$directory/.$uuid.new" "$directory/$uuid"
    ;;
  remove)
    # An event may come twice: what is gone already is no failure.
    rm -f "$directory/$uuid"
    ;;
  *) refuse "unknown verb $verb" ;;
esac
