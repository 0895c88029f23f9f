#!/bin/bash
# Every fuzz target over real inputs and damaged copies of them, under ASan and UBSan: what reads foreign bytes must not
# stumble. The damage is the same every time. For more: clang -fsanitize=fuzzer -DPIDTAP_LIBFUZZER.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=$top/build/tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# replay TARGET COUNT FILE...
replay()
{
	local target=$1 count=$2 dir=$work/damaged.$1
	shift 2
	mkdir "$dir"
	ok "$target: the inputs themselves" "$bin/fuzz_$target" "$@"
	ok "$target: damaged" "$top/tests/fuzz/mutate" 1 "$count" "$dir" "$@"
	ok "$target: $count damaged ones" bash -c 'find "$2" -type f | xargs "$1"' - "$bin/fuzz_$target" "$dir"
}

"$bin/make_records" >"$work/records"
mkdir "$work/plain"
"$bin/make_plain" "$work/plain"
head -c 3000 "$work/plain/records" >"$work/plaintext"
replay record 3000 "$work/records" "$work/plaintext" "$top"/tests/golden/expected/*
perl -ne 'if (/^(\w+)-(\w+).*\[vdso\]/) { open(M, "<:raw", "/proc/self/mem"); seek(M, hex $1, 0);
	read(M, $d, hex($2) - hex $1); print $d }' /proc/self/maps >"$work/vdso"
replay kver 2000 "$work/vdso"
printf -- '-i\0eth0\0-c\0100\0--buffer-size\0008M\0' >"$work/argv1"
printf -- '-qv\0-w\0-\0--duration=0.5\0-p\0001\0--uid\0000\0x' >"$work/argv2"
replay cli 2000 "$work/argv1" "$work/argv2"
if [ "$(id -u)" = 0 ]; then
	"$top/build/pidtap" --cache-dir "$top/build/tests/cache" --bundle-out "$work/bundle" 2>"$work/err" || diag "$(cat "$work/err")"
	replay bundle 2000 "$work/bundle"
fi
done_testing
