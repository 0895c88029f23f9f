#!/bin/bash
# The source keeps its own rules: layers, headers that stand alone, scripts without shellcheck's findings.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# broken "what" FILE LINE PATTERN: check-layers refuses a copy of the source with this line in this file
broken()
{
	local got
	rm -rf "$work/copy"
	mkdir "$work/copy"
	cp -r src compat kheaders probes "$work/copy"
	echo "$3" >>"$work/copy/$2"
	got=$(tools/check-layers "$work/copy") && got="accepted: $got"
	like "$1" "$got" "$4"
}

ok "layers" tools/check-layers
broken "an upward include is found" src/base/buf.c '#include "model/owner.h"' 'src/base/buf.c:.*may not include src/model/owner.h'
broken "source and out never meet" src/source/load.c '#include "out/sink.h"' 'src/source/load.c:.*src/out/sink.h'
broken "a circle of headers is found" src/model/iface.h '#include "model/packet.h"' 'includes itself by way of'
broken "an include of nothing is found" src/base/log.c '#include "base/nosuch.h"' 'names no file'
broken "another folder's private header" src/session.c '#include "source/build_int.h"' 'private'

ok "each header compiles by itself" make -s check-headers
if command -v shellcheck >/dev/null; then
	ok "scripts" make -s check-scripts
else
	skip "scripts" "shellcheck is not installed (tools/install-deps check)"
fi
done_testing
