#!/bin/bash
# A bundle built here runs without compiler, headers and libbcc; a cached one starts fast and loads no LLVM.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

mapped()
{
	grep -oE '/[^ ]*lib(LLVM|clang|bcc\.so)[^ ]*' "/proc/$tap_pid/maps" | sort -u
}

# A copy of pidtap alone: no pidtap-cc beside it nor in the way.
mkdir "$work/alone"
cp "$pidtap" "$work/alone/pidtap"
hidden="$top/tests/live/hide-headers env PATH=/usr/sbin:/usr/bin:/sbin:/bin"

for backend in $backends; do
	bundle=$work/$backend.bundle
	ok "$backend: --bundle-out" in_ns a "$pidtap" --cache-dir "$cache" --backend "$backend" --bundle-out "$bundle"
	is "$backend: only for its owner" "$(stat -c %a "$bundle")" 600

	truth_clear
	pidtap=$work/alone/pidtap tap_prefix=$hidden tap_start a --backend "$backend" --bundle "$bundle" -i any -v
	is "$backend, --bundle: listens without compiler and headers" $? 0
	is "$backend, --bundle: no LLVM, no libbcc is mapped" "$(mapped)" ""
	ok "$backend, --bundle: traffic" traffic_all
	tap_stop
	ok "$backend, --bundle: every packet names its process" judge

	tap_start a --backend "$backend" -i any -v
	is "$backend, from the cache: listens" $? 0
	is "$backend, from the cache: no LLVM is mapped" "$(mapped)" ""
	tap_stop
	like "$backend, from the cache: -v says how long it took" "$(grep 'attached in' "$work/err")" '^pidtap: attached in [0-9]+ ms \(bundle cached'
	diag "$backend, from the cache: $(grep -o 'attached in .*' "$work/err")" # figures are for people: nothing asserts a time
done
done_testing
