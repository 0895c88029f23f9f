#!/bin/bash
# TLS and what goes wrong with it: files that are no library, or one that tells nothing; a key log that cannot be written; a
# process that dies inside SSL_read. One line each, and the capture goes on where it can.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl ldd
live_begin
backend=${backends%% *}

silent_port=4433 # its server never answers
port=4434
static=$top/build/tests/tls_static
[ -x "$top/build/tests/tls_untold" ] || skip_all "build/tests/tls_untold is not built (make test-tools)"
[ -x "$static" ] || skip_all "$static is not built (make test-tools)"
libssl=$(ldd "$(command -v openssl)" | awk '$1 ~ /^libssl/ { print $3 }')
[ -r "$libssl" ] || skip_all "openssl is linked with no libssl"

make_files()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null &&
		echo 'no library' >"$work/text.so" &&
		LC_ALL=C sed 's/EARLY_EXPORTER_SECRET/EARLY_EXPORTER_SECREX/g; s/SSL_get_client_random/SSL_get_client_randox/g' "$libssl" >"$work/libssl-blind.so" &&
		cp "$static" "$work/static"
}

listens_on()
{
	in_ns a ss -Hltn "sport = :$1" | grep -q .
}

# start_server PORT OPTIONS...
start_server()
{
	local at=$1
	shift
	nsenter --net="$(ns_path a)" -- openssl s_server -key "$work/key.pem" -cert "$work/cert.pem" -accept "$at" -quiet "$@" \
		<>"$work/never" >/dev/null 2>"$work/server.err" &
	wait_until 10 listens_on "$at"
}

# asks PATH: gets an answer
asks()
{
	in_ns a "$work/static" "$port" /dev/null "$1"
}

# The lines that name something, but for the ends.
lines_of()
{
	grep -F -- "$1" "$work/err"
}

# goes_on WHAT: traffic is captured, and the end is a good one
goes_on()
{
	ok "$1: a connection" asks /goes-on
	tap_stop
	is "$1: the status" "$tap_status" "${2:-0}"
	like "$1: packets were captured" "$(tap_says)" '[1-9][0-9]* packets captured'
}

# mends WHAT FILE REGEX: a file for --libssl that does not do
mends()
{
	tap_start a --backend "$backend" -i lo -w "$work/file" --libssl "$2"
	is "$1: listens" $? 0
	is "$1: one line" "$(lines_of "$2" | wc -l)" 1
	like "$1: which says" "$(lines_of "$2")" "$3"
	goes_on "$1"
}

# fails WHAT REGEX OPTIONS...: a start that is none
fails()
{
	local what=$1 pattern=$2
	shift 2
	tap_run a "$@"
	is "$what: the status" "$tap_status" 1
	like "$what: the line" "$(grep -v '^pidtap: compiling' "$work/err")" "^pidtap: [^"$'\n'"]*${pattern}[^"$'\n'"]*$"
}

ok "files" make_files
mkfifo "$work/never"
start_server "$port" -www
is "a server" $? 0
start_server "$silent_port"
is "a server that never answers" $? 0

"$pidtap" --probe-check --libssl "$work/text.so" --libssl "$work/libssl-blind.so" --libssl "$work/static" >"$work/check"
is "--probe-check: a capture can run" $? 0
like "--probe-check: no ELF file" "$(grep -F text.so "$work/check")" '^  no  .*: no ELF file for a 64-bit machine$'
like "--probe-check: a stripped, unknown library" "$(grep -F blind "$work/check" | head -n 1)" \
	'^  no  .*: OpenSSL, no secrets: .*; plaintext by [1-9][0-9]* probes'
like "--probe-check: OpenSSL in a program" "$(grep -F "$work/static" "$work/check")" \
	'^  yes .*: OpenSSL, secrets by symbol table; plaintext by [1-9][0-9]* probes'
like "--probe-check: the system's" "$(grep -E '/libssl\.so' "$work/check" | head -n 1)" '^  yes .*: OpenSSL, secrets by [a-z.]'

mends "no ELF file" "$work/text.so" 'no ELF file'
mends "no TLS library" "$pidtap" 'no OpenSSL'
mends "a stripped, unknown one" "$work/libssl-blind.so" 'no secrets from it: .*debug information'
like "a stripped, unknown one: it is counted" "$(cat "$work/err")" '1 of them without secrets'
fails "no such file" '--libssl /nosuch/libssl.so: No such file' --plaintext --libssl /nosuch/libssl.so
fails "a folder" '--libssl /etc: no regular file' --plaintext --libssl /etc
fails "a key log in a folder that is not there" '/nosuch/keys: No such file' --keylog /nosuch/keys
ln -s "$work/elsewhere" "$work/link"
fails "a key log that is a link" "$work/link: .*name the file itself" --keylog "$work/link"

tap_start a --backend "$backend" -i lo --keylog /dev/full
is "a key log that is full: listens" $? 0
asks /full
is "a key log that is full: a connection" $? 0
ok "a key log that is full: it is said" wait_until 5 lines_of 'cannot write keys to /dev/full: No space left'
is "a key log that is full: once" "$(lines_of /dev/full | wc -l)" 1
goes_on "a key log that is full" 1

# A call of which it cannot be read how much it wrote.
untold=$top/build/tests/tls_untold
tap_start a --backend "$backend" --plaintext --libssl "$untold"
is "a call nothing can be told of: listens" $? 0
ok "a call nothing can be told of: three" "$untold" 3
tap_stop
is "a call nothing can be told of: ends well" "$tap_status" 0
like "a call nothing can be told of: each is counted" "$(tap_says)" ', 3 TLS calls not told of'

told()
{
	grep -qF "$1" "$work/text"
}

# Asleep, after it has written its request: in SSL_read.
sleeps()
{
	[[ $(cat "/proc/$1/stat") =~ \)\ S\  ]]
}

tap_start a --backend "$backend" --plaintext
is "killed inside SSL_read: listens" $? 0
nsenter --net="$(ns_path a)" -- "$work/static" "$silent_port" /dev/null /killed &
victim=$!
ok "killed inside SSL_read: it asks" wait_until 10 told 'GET /killed'
ok "killed inside SSL_read: and waits" wait_until 10 sleeps "$victim"
kill -KILL "$victim"
wait "$victim" 2>/dev/null
is "killed inside SSL_read: another asks" "$(asks /another; echo $?)" 0
ok "killed inside SSL_read: it is told" wait_until 10 told 'GET /another'
tap_stop
is "killed inside SSL_read: ends well" "$tap_status" 0
no "killed inside SSL_read: nothing is made up of it" grep -E ":${victim}, .* TLS read" "$work/text"
done_testing
