#!/bin/bash
# The compiled BPF text breaks no rule known of the oldest kernels: builds a bundle for each kernel and back-end, forced
# by --assume-kernel, and has build/tests/audit read it. Nothing is loaded; the kernel need not be one of these.
#
# It is compiled against the oldest headers at hand: PIDTAP_OLD_HEADERS=DIR, else Debian 11's (tools/vm/vm tree bullseye),
# else this machine's own, which is a failure where nothing may be missing (PIDTAP_NO_SKIP=1, CI=true).
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

# The tracepoint back-end needs raw tracepoints: 4.17. From 5.11 on tc asks for a packet's socket, and on 5.10 where that works.
readonly kernels=(4.9 4.14 4.19 5.1 5.2 5.4 5.10 5.11)
readonly kernels_tracepoint=(4.19 5.1 5.2 5.4 5.10 5.11)

for program in build/pidtap build/pidtap-cc build/tests/audit; do
	[ -x "$program" ] || skip_all "$program is not built"
done
[ "$(id -u)" = 0 ] || skip_all "libbcc creates the maps while it compiles: root only"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The oldest tree in Debian 11's root; nothing where that was not made.
debian11_headers()
{
	find "${PIDTAP_VM_CACHE:-/var/cache/pidtap-vm}/bullseye/root/usr/src" -mindepth 1 -maxdepth 1 \
		-name 'linux-headers-*' ! -name '*-common' 2>/dev/null | sort -V | head -n 1
}

old_headers=${PIDTAP_OLD_HEADERS:-$(debian11_headers)}
headers=()
[ -z "$old_headers" ] || headers=(--kernel-headers "$old_headers" --kernel-headers-force)
echo "# headers: ${old_headers:-those of this machine}"
if [ -z "$old_headers" ] && [[ ${PIDTAP_NO_SKIP:-} = 1 || ${CI:-} = true ]]; then
	ok "Debian 11's headers are there (tools/vm/vm tree bullseye)" false
	done_testing
	exit
fi

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
