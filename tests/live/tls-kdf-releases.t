#!/bin/bash
# As tls-kdf.t, with the OpenSSL of Debian's releases whose trees are there: 1.1.1, which derives by other functions of libcrypto, and 3.5 and
# later, whose objects are laid out anew; against the system's.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl perl
cache_vm=${PIDTAP_VM_CACHE:-/var/cache/pidtap-vm}
libs=lib/x86_64-linux-gnu

releases=()
for release in bullseye trixie sid; do
	[ ! -e "$cache_vm/$release/root/usr/bin/openssl" ] || [ ! -d "$cache_vm/$release/root/usr/$libs" ] || releases+=("$release")
done
[ "${#releases[@]}" -ge 1 ] || skip_all "no release's tree is there (tools/vm/vm tree bullseye)"
live_begin
# shellcheck source=tests/live/tls-kdf-lib.sh
. "$(dirname "$0")/tls-kdf-lib.sh"

ok "certificate and libraries" make_files
seen_env=(OPENSSL_CONF=/dev/null)
backend=${backends%% *}
for release in "${releases[@]}"; do
	root=$cache_vm/$release/root
	ok "$release: its libraries" misspell "$root/usr/$libs"/libssl.so.[0-9]* "$work/$release"
	seen_openssl=("$root/$libs/ld-linux-x86-64.so.2" --library-path "$work/$release:$root/usr/$libs:$root/$libs" "$root/usr/bin/openssl")
	for seen in client server; do
		case="$release, $seen seen"
		openssl_plays
	done
done
done_testing
