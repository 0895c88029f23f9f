#!/bin/bash
# The BPF text compiles with every combination of toggles a kernel version leads to, for both back-ends, against this
# machine's headers; and this kernel takes every program that comes of it, whatever kernel it was meant for.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

readonly kernels=(4.9 4.14 4.17 4.19 5.1 5.5 5.11 running)

for program in build/pidtap build/pidtap-cc build/tests/load; do
	[ -x "$program" ] || skip_all "$program is not built"
done
[ "$(id -u)" = 0 ] || skip_all "libbcc creates the maps while it compiles: root only"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Leaves KERNEL-BACKEND, or none: then `load` says that it cannot be read, and this why.
compile()
{
	local kernel=$1 backend=$2 assume=()
	[ "$kernel" = running ] || assume=(--assume-kernel "$kernel")
	build/pidtap --no-cache --backend "$backend" "${assume[@]}" --bundle-out "$work/$kernel-$backend" \
		>"$work/log" 2>&1 || diag "$kernel, $backend:" "$(cat "$work/log")"
}

bundles=()
for kernel in "${kernels[@]}"; do
	for backend in kprobe tracepoint; do
		compile "$kernel" "$backend"
		bundles+=("$work/$kernel-$backend")
	done
done
build/tests/load "${bundles[@]}"
