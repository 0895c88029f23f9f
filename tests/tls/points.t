#!/bin/bash
# Stripped TLS libraries of Debian's releases, of amd64 and arm64: where their secrets are handed on is found in each, and the client's
# random in the same place on both machines (their C structures are laid out alike), read from different code. That place is found also
# where the secrets are not, so that libcrypto's can be taken: in the exported accessor.
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

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# file RELEASE ARCHITECTURE LIBRARY
file()
{
	awk -v r="$1" -v a="$2" -v l="/$3" '$1 == r && $2 == a && index($3, l) { print $3; exit }' <<<"$libs"
}

said()
{
	build/tests/points "$(file "$@")"
}

# Of one whose labels are misspelt.
said_misspelt()
{
	perl -0777 -pe 's/CLIENT_RANDOM\0/CLIENT_RANDUM\0/g' "$(file "$@")" >"$work/misspelt" && build/tests/points "$work/misspelt"
}

for release in "${releases[@]}"; do
	for lib in libssl libgnutls; do
		amd64=$(said "$release" amd64 "$lib")
		like "$release amd64 $lib" "$amd64" ' by two string references random [0-9a-f]+ functions [1-9]'
		for machine in amd64 arm64; do
			[ "$lib" = libssl ] || continue
			is "$release $machine $lib: with misspelt labels by libcrypto, and the random where it is" \
				"$(said_misspelt "$release" "$machine" "$lib")" "${amd64/two string references/KDF functions of libcrypto}"
		done
		[ "$lib" != libssl ] || like "$release amd64 $lib: where all ways to read and write meet, and its records" "$amd64" ' inner memory '
		is "$release arm64 $lib: the same" "$(said "$release" arm64 "$lib")" "$amd64"
	done
done
done_testing
