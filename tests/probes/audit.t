#!/bin/bash
# The compiled BPF text breaks no rule known of the oldest kernels: builds a bundle for each kernel and back-end, forced
# by --assume-kernel, and has build/tests/audit read it. Nothing is loaded; the kernel need not be one of these.
#
#   PIDTAP_OLD_HEADERS=DIR   the header tree to compile against: the oldest at hand (Debian 11's 5.10); without it the
#                            machine's own
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

# The tracepoint back-end needs raw tracepoints: 4.17.
readonly kernels=(4.9 4.14 4.19 5.1 5.2 5.4 5.10)
readonly kernels_tracepoint=(4.19 5.1 5.2 5.4 5.10)

for program in build/pidtap build/pidtap-cc build/tests/audit; do
	[ -x "$program" ] || skip_all "$program is not built"
done
[ "$(id -u)" = 0 ] || skip_all "libbcc creates the maps while it compiles: root only"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

headers=()
[ -z "${PIDTAP_OLD_HEADERS:-}" ] || headers=(--kernel-headers "$PIDTAP_OLD_HEADERS" --kernel-headers-force)

# Leaves BACKEND-KERNEL.bundle, or none: then the audit says that it cannot be read, and this why.
build_bundle()
{
	local backend=$1 kernel=$2 name=$1-$2

	build/pidtap --bundle-out "$work/$name.bundle" --assume-kernel "$kernel" --backend "$backend" --no-cache \
		"${headers[@]}" >"$work/$name.log" 2>&1 || diag "$name:" "$(cat "$work/$name.log")"
}

pairs=()
for kernel in "${kernels[@]}"; do
	build_bundle kprobe "$kernel"
	pairs+=("$kernel" "$work/kprobe-$kernel.bundle")
done
for kernel in "${kernels_tracepoint[@]}"; do
	build_bundle tracepoint "$kernel"
	pairs+=("$kernel" "$work/tracepoint-$kernel.bundle")
done
build/tests/audit "${pairs[@]}"
