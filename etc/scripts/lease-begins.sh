#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A lease has begun: prepares the node for whoever leased it. Here it only says so.
set -eu

node_name=$1
node_uuid=$2
end_time=$3

# The same run has the same id in every attempt: a place to note what was done already.
echo "run $ONEVENT_RUN_ID: node $node_name ($node_uuid) is leased until $end_time"
