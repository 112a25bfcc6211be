#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mails an event: send-mail.sh RECIPIENT TYPE ABOUT. The whole event is the mail's text.
set -eu

recipient=$1 type=$2 about=$3

# A line break in a header would begin another header.
one_line() { printf '%s' "$1" | tr -d '\000-\037' | cut -c 1-200; }

{
  printf 'To: %s\n' "$recipient"
  printf 'Subject: %s: %s\n' "$(one_line "$type")" "$(one_line "$about")"
  # The same in every attempt, so that a mail that was sent twice is shown once.
  printf 'Message-ID: <%s@onevent.localhost>\n' "$ONEVENT_RUN_ID"
  printf 'Content-Type: text/plain; charset=utf-8\n'
  printf 'Auto-Submitted: auto-generated\n\n'
  printf 'onevent show %s\n\n' "$ONEVENT_RUN_ID"
  cat
  printf '\n'
} | /usr/sbin/sendmail -i -t
