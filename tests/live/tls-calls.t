#!/bin/bash
# Every way to write to and read from OpenSSL (tls_calls.c): each call that did something is told once, with its bytes, in order and
# over the right connection; what is longer than 4 MiB is cut, and said to be. With the library that is installed here and, where their
# trees are there (tools/vm/vm tree RELEASE), those of Debian's releases: 1.1.1, 3.0, 3.5, 3.6.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl
live_begin

port=4435
source=$(dirname "$0")/tls_calls.c

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

# What pidtap printed, as tls_calls tells it: a line a call, those of a process together.
told()
{
	awk '
	/^[0-9]/ {
		match($0, /:[0-9]+, uid/); pid = substr($0, RSTART + 1, RLENGTH - 6)
		sub(/.*, fd [0-9?]+\) /, "")
		cut = /, cut here$/; file = /, of a file/
		if (!cut && (!/, [0-9]+ to / || /, 0 to /))
			call[pid] = pid " " $3 " " $1 " " $4 (/, early data/ ? " early " : " ")
		total = $4; end = match($0, / to [0-9]+/) ? substr($0, RSTART + 4, RLENGTH - 4) : total
		if (cut) print call[pid] "+"
		next
	}
	{
		call[pid] = call[pid] substr($0, 2)
		if (end == total) print call[pid]
	}' "$work/text" | LC_ALL=C sort -s -k 1,1
}

# all_told: nothing more, nothing less, nothing else
all_told()
{
	LC_ALL=C sort -s -k 1,1 "$work/truth" >"$work/want"
	told >"$work/got"
	[ "$(wc -l <"$work/want")" -gt 100 ] || { echo "the program told of $(wc -l <"$work/want") calls only"; return 1; }
	cmp "$work/want" "$work/got" || { diff <(cut -c 1-120 "$work/want") <(cut -c 1-120 "$work/got") | head -n 20; return 1; }
}

# The program, built against a release's library, in its tree; "" for this machine.
program_of()
{
	if [ -z "$1" ]; then
		echo "$top/build/tests/tls_calls"
		return
	fi
	install -d "$1/tmp/pidtap-tls" && cp "$source" "$work/key.pem" "$work/cert.pem" "$1/tmp/pidtap-tls" &&
		chroot "$1" gcc -o /tmp/pidtap-tls/tls_calls "/tmp/pidtap-tls/${source##*/}" -lssl -lcrypto && echo /tmp/pidtap-tls/tls_calls
}

# calls TREE PROGRAM
calls()
{
	local files=$work
	[ -z "$1" ] || files=/tmp/pidtap-tls
	timeout $((60 * ${patience:-1})) nsenter --net="$(ns_path a)" -- ${1:+chroot "$1"} "$2" "$files/cert.pem" "$files/key.pem" "$port" \
		>"$work/truth"
}

# version TREE
version()
{
	${1:+chroot "$1"} openssl version | cut -d ' ' -f 2
}

ok "a certificate" make_certificate
trees=("")
for tree in "${PIDTAP_VM_CACHE:-/var/cache/pidtap-vm}"/{bullseye,bookworm,trixie,sid}/root; do
	[ ! -e "$tree/usr/include/openssl/ssl.h" ] || trees+=("$tree")
done
for tree in "${trees[@]}"; do
	name="OpenSSL $(version "$tree")"
	program=$(program_of "$tree")
	is "$name: the program is built" $? 0
	for backend in $backends; do
		tap_start a --backend "$backend" -i lo --plaintext --buffer-size 64M ${tree:+--libssl "$(echo "$tree"/usr/lib/*/libssl.so.*)"}
		is "$name, $backend: listens" $? 0
		ok "$name, $backend: all calls do what they should" calls "$tree" "$program"
		tap_stop
		is "$name, $backend: ends well" "$tap_status" 0
		no "$name, $backend: nothing was lost" grep 'pieces of plaintext lost' "$work/err"
		ok "$name, $backend: each call is told once, with its bytes" all_told
		like "$name, $backend: what was cut is counted" "$(tap_says)" ' [1-9][0-9]* TLS calls cut short'
	done
	rm -rf "$tree/tmp/pidtap-tls"
done

# Records the calls of $work/truth make: a chunk is 16 KiB, and one says where a call is cut. (128 bytes: below 4.11.)
records()
{
	awk '{ told = $4 > 4194304 ? 4194304 : $4; n += int((told + 16383) / 16384) + ($4 > 4194304) } END { print n }' "$work/truth"
}

# Nobody reads the buffer while the program talks: what it has no room for is lost, and counted to the last piece.
for backend in $backends; do
	tap_start a --backend "$backend" -i lo --plaintext --buffer-size 1M
	is "buffer, $backend: listens" $? 0
	kill -STOP "$tap_pid"
	ok "buffer, $backend: all calls do what they should" calls "" "$top/build/tests/tls_calls"
	kill -CONT "$tap_pid"
	tap_stop
	is "buffer, $backend: that is no error" "$tap_status" 0
	lost=$(sed -n 's/^pidtap: .* \([0-9]*\) pieces of plaintext lost.*/\1/p' "$work/err")
	told=$(grep -c '^[0-9].* TLS ' "$work/text")
	ok "buffer, $backend: something was told ($told)" [ "$told" -gt 0 ]
	ok "buffer, $backend: much was lost (${lost:-0})" [ "${lost:-0}" -gt 1000 ]
	is "buffer, $backend: the rest is said to be lost" "$((told + ${lost:-0}))" "$(records)"
done
done_testing
