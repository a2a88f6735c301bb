#!/bin/sh
# Check the front end's JSDoc types with tsc, where node is: front-end-types.sh FOLDER
set -eu

folder=$1
stamp=$folder/node_modules/.installed

if ! command -v npm >/dev/null 2>&1; then
    printf '%s\n' "node is not here, so the front end's types are not checked (Debian: sudo apt install nodejs npm)." >&2
    exit 0
fi
if [ ! "$stamp" -nt "$folder/package-lock.json" ]; then
    (cd "$folder" && npm ci --silent --no-audit --no-fund)
    touch "$stamp"
fi
"$folder/node_modules/.bin/tsc" --project "$folder/tsconfig.json"
echo "The front end's types are right."
