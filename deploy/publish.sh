#!/usr/bin/env bash
# Publishes the silo and the command line into one folder, which is what the image has in /app; --image goes on to make the image of it with the
# SDK, without Docker, and gives it to the local engine, or to what ContainerRegistry or ContainerArchiveOutputPath names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if [[ $# -lt 1 || $1 == -* ]]; then
  echo "usage: deploy/publish.sh FOLDER [--image] [arguments of dotnet publish]" >&2
  exit 2
fi
folder=$(realpath -m "$1")
shift
target=()
if [[ ${1:-} == --image ]]; then
  target=(-t:PublishContainer)
  shift
fi

dotnet publish client/DistAttention.Cli -c Release -o "$folder" "$@"
dotnet publish silo/DistAttention.Silo -c Release -o "$folder" "${target[@]}" "$@"
