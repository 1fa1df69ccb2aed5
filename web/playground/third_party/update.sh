#!/bin/sh
# Fetches the pinned releases that the playground is built on, beside their licences:
#   sh web/playground/third_party/update.sh
# The scripts are copied byte for byte. graphiql.css loses its @font-face rules: they hold 350 KB
# of fonts in data: URLs, which would also need font-src in the page's policy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fetch() { # name version
	tar -xzf "$(npm pack --silent "$1@$2")"
	mkdir -p "$(dirname "$1")"
	mv package "$1"
}

license() { # name
	cp "$1/LICENSE" "$here/$1.LICENSE.txt"
}

fetch react 18.3.1
fetch react-dom 18.3.1
fetch graphiql 4.1.2
fetch @graphiql/plugin-explorer 4.0.6 # contains graphiql-explorer; its own licence is that of graphiql
fetch graphiql-explorer 0.9.0
license react
license react-dom
license graphiql
license graphiql-explorer
cp react/umd/react.production.min.js "$here/react.js"
cp react-dom/umd/react-dom.production.min.js "$here/react-dom.js"
cp graphiql/graphiql.min.js "$here/graphiql.js"
cp @graphiql/plugin-explorer/dist/index.umd.js "$here/plugin-explorer.js"
cp @graphiql/plugin-explorer/dist/style.css "$here/plugin-explorer.css"
awk '/^@font-face \{/ { skip = 1 } !skip { print } skip && /^}/ { skip = 0 }' \
	graphiql/graphiql.min.css > "$here/graphiql.css"
