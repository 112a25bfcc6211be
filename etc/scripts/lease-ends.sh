#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A lease is over: cleans up behind it. Here it only says so.
set -eu

node_name=$1
node_uuid=$2
# Null in the event gives an empty argument: a lease that never began has no such time.
fulfill_time=${3:-never}

echo "run $ONEVENT_RUN_ID: node $node_name ($node_uuid) is free again, was leased since $fulfill_time"
