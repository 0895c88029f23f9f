#!/bin/bash
# Secrets of an OpenSSL that does not let its ssl_log_secret be found: a copy of the library whose labels are misspelt. They are seen where
# libcrypto derives them. The lines are those of both ends' own key logs, each once and no other, whichever end is seen: the other
# end has a copy of the library that is not found. libcrypto is probed only because somebody maps such a libssl.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl perl
[ -x "$(dirname "$0")/../../build/tests/tls_static" ] || skip_all "build/tests/tls_static is not built (make test-tools)"
live_begin
# shellcheck source=tests/live/tls-kdf-lib.sh
. "$(dirname "$0")/tls-kdf-lib.sh"

nobody_plays()
{
	seen=nobody
	rm -f "$work"/keys.* "$work/log"
	tap_start a --backend "$backend" -i lo --keylog "$work/log"
	is "$case: listens" $? 0
	play "full" "$tls13" "$tls13"
	tap_stop
	is "$case: no line" "$(cat "$work/log")" ""
	no "$case: nor is one counted" grep 'unknown connections' "$work/err"
}

# Of a library that is named, and is not called libssl, nobody tells which libcrypto it goes with.
named_plays()
{
	cp "$work/misspelt/$(basename "$(library openssl libssl)")" "$work/tls.so" || return
	tap_start a --backend "$backend" -i lo --keylog "$work/log" --libssl "$work/tls.so"
	is "$case: listens" $? 0
	like "$case: it is said" "$(cat "$work/err")" 'tls.so: no secrets from it: which libcrypto'
	tap_stop
}

# What TLS 1.3 derives, derived by a program for itself, without a connection and in the midst of one's handshake.
strangers_play()
{
	seen=client
	rm -f "$work/log"
	probed
	is "$case: listens, and has probed" $? 0
	role client
	ok "$case: derive" "${run[@]}" "$here/tls-stranger" "c hs traffic" "s ap traffic" "res master" "no such label"
	tap_stop
	is "$case: no line" "$(cat "$work/log")" ""
	like "$case: but those that would have been one are counted" "$(cat "$work/err")" ', 3 TLS secrets of unknown connections'
}

# OpenSSL within a program, which is probed from the start.
static_plays()
{
	local version
	seen=client
	rm -f "$work"/keys.* "$work/log"
	tap_start a --backend "$backend" -i lo --keylog "$work/log" --libssl "$work/static" -v
	is "$case: listens" $? 0
	like "$case: how" "$(grep -F "$work/static" "$work/err")" 'secrets by KDF functions of libcrypto'
	for version in "$tls12" "$tls13"; do
		serve "$version" -www
		is "$case: a server ($version)" $? 0
		ok "$case: a connection ($version)" in_ns a "$work/static" "$port" "$work/keys.client.$version" /
		stop_server
	done
	cat "$work/keys.client."* >"$work/keys.client"
	tap_stop
	judge
}

ok "certificate and libraries" make_files
misspelt "$top/build/tests/tls_static" >"$work/static" && chmod 755 "$work/static"
is "a program with OpenSSL in it" $? 0
"$pidtap" --probe-check --libssl "$work/misspelt/$(basename "$(library openssl libssl)")" >"$work/check"
like "--probe-check says how" "$(grep -F "$work/misspelt" "$work/check")" '^  yes .*: OpenSSL, secrets by KDF functions of libcrypto \(QUIC not tried\)'
seen_env=("LD_LIBRARY_PATH=$work/misspelt")
seen_openssl=(openssl)
for backend in $backends; do
	case="$backend, nobody seen"
	nobody_plays
	case="$backend, another name"
	named_plays
	case="$backend, in a program"
	static_plays
	if [ "$(basename "$(library openssl libssl)")" = libssl.so.3 ]; then # 1.1.1 has no EVP_KDF
		case="$backend, strangers"
		strangers_play
	fi
	for seen in client server; do
		case="$backend, $seen seen"
		openssl_plays --plaintext
	done
done
done_testing
