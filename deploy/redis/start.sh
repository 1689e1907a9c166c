#!/bin/sh
# Starts redis-server with the users of users.acl beside this file and nobody else. The password comes from the
# environment; only its SHA-256 is written down. Arguments go on to redis-server.
set -eu
: "${REDISCLI_AUTH:?is not set: it is the password of the user killswitch}"
hash=$(printf %s "$REDISCLI_AUTH" | sha256sum | cut -d ' ' -f 1)
acl="${TMPDIR:-/tmp}/users.acl"
umask 077
sed "s/PASSWORD_SHA256/$hash/" "$(dirname "$0")/users.acl" > "$acl"
exec redis-server "$@" --aclfile "$acl"
