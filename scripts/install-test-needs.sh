#!/usr/bin/env bash
# Makes sure that the programs which the tests start are installed. Nothing is started and nothing is configured: the
# tests run servers of their own, on free ports, in temporary folders.
#
# On Debian and Ubuntu the missing packages are installed (as root, or through sudo when it asks no password). Elsewhere
# the script says what is missing and fails.
set -euo pipefail

# program            Debian package
needs='
initdb               postgresql
redis-server         redis-server
dovecot              dovecot-imapd
doveadm              dovecot-core
dovecot-lmtp         dovecot-lmtpd
exim4                exim4-daemon-light
openssl              openssl
setpriv              util-linux
chromium             chromium
fc-list              fontconfig
'
fonts='fonts-noto-core fonts-noto-color-emoji'

PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done

has() {
  case $1 in
    # Not on any path: Dovecot starts it itself.
    dovecot-lmtp) compgen -G '/usr/lib*/dovecot/lmtp' >/dev/null ;;
    # It has other names elsewhere.
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    *) command -v "$1" ;;
  esac >/dev/null
}

missing=''
while read -r program package; do
  [ -n "$program" ] || continue
  has "$program" || missing="$missing $package"
done <<<"$needs"
# A page full of boxes instead of letters would be measured wrongly.
if ! command -v fc-list >/dev/null || [ -z "$(fc-list 2>/dev/null)" ]; then missing="$missing $fonts"; fi

if [ -z "$missing" ]; then
  echo 'All programs that the tests start are installed.'
  exit 0
fi

# shellcheck disable=SC2086  # a list of packages
set -- apt-get install --yes --no-install-recommends $missing
if ! command -v apt-get >/dev/null; then
  echo "The tests need these Debian packages, or what they are called here:$missing" >&2
  exit 1
fi
as_root=''
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root='sudo -n'
  else
    echo "The tests need more packages; install them with: sudo $*" >&2
    exit 1
  fi
fi

# While this file says 101, no package starts its service. A file that is there already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi

echo "Installing:$missing"
$as_root apt-get update --quiet
$as_root env DEBIAN_FRONTEND=noninteractive "$@"
