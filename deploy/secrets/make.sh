#!/usr/bin/env bash
# Makes the secrets of compose.yaml beside this script, once: a password for the database, and the silos' file with it. Neither is ever committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
host=${1:-postgres}

if [[ -e postgres || -e silo.json ]]; then
  echo "make.sh: there are secrets already; the database keeps the password it was made with" >&2
  exit 1
fi
umask 077
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
printf '%s' "$password" > postgres
connection="Host=$host;Username=distattention;Database=distattention;Password=$password"
printf '{ "Cluster": { "ConnectionString": "%s" }, "Storage": { "ConnectionString": "%s" } }\n' "$connection" "$connection" > silo.json
# The silos run as a user of their own, and Compose mounts files with the mode they have here.
chmod 0644 postgres silo.json
