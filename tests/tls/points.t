#!/bin/bash
# Stripped TLS libraries of Debian's releases, of amd64 and arm64: where their secrets are handed on is found in each, and the client's
# random in the same place on both machines (their C structures are laid out alike), read from different code.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh
cache=${PIDTAP_VM_CACHE:-/var/cache/pidtap-vm}

releases=()
for release in bullseye bookworm trixie sid; do
	[ ! -d "$cache/$release/root/etc/apt" ] || releases+=("$release")
done
[ "${#releases[@]}" -ge 1 ] || skip_all "no release's tree is there (tools/vm/vm tree bullseye)"
libs=$(tools/tls-libs "${releases[@]}") || { ok "the libraries can be had (tools/tls-libs ${releases[*]})" false; done_testing; exit; }

# said RELEASE ARCHITECTURE LIBRARY
said()
{
	local file
	file=$(awk -v r="$1" -v a="$2" -v l="/$3" '$1 == r && $2 == a && index($3, l) { print $3; exit }' <<<"$libs")
	build/tests/points "$file"
}

for release in "${releases[@]}"; do
	for lib in libssl libgnutls; do
		amd64=$(said "$release" amd64 "$lib")
		like "$release amd64 $lib" "$amd64" ' by two string references random [0-9a-f]+ functions [1-9]'
		[ "$lib" != libssl ] || like "$release amd64 $lib: where all ways to read and write meet, and its records" "$amd64" ' inner memory '
		is "$release arm64 $lib: the same" "$(said "$release" arm64 "$lib")" "$amd64"
	done
done
done_testing
