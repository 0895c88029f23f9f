#!/bin/bash
# --plaintext alone taps no interface: what it shows comes from the TLS libraries. And what the report says of TLS.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl
live_begin

port=4433

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

server_listens()
{
	in_ns a ss -Hltn "sport = :$port" | grep -q .
}

start_server()
{
	nsenter --net="$(ns_path a)" -- openssl s_server -key "$work/key.pem" -cert "$work/cert.pem" -accept "$port" -quiet -www \
		>/dev/null 2>"$work/server.err" &
	wait_until 10 server_listens
}

asks()
{
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" |
		nsenter --net="$(ns_path a)" -- timeout $((10 * ${patience:-1})) openssl s_client -connect "127.0.0.1:$port" -quiet -ign_eof \
			>"$work/answer" 2>/dev/null
	grep -q 'HTTP/1.0 200' "$work/answer"
}

told()
{
	grep -qF "$1" "$work/text"
}

classifiers()
{
	in_ns a tc filter show dev lo ingress | grep -c bpf
}

reported()
{
	grep -q '^pidtap: TLS: ' "$work/err"
}

ok "a certificate" make_certificate
start_server
is "a server" $? 0
for backend in $backends; do
	tap_start a --backend "$backend" --plaintext
	is "$backend: listens" $? 0
	like "$backend: it says on what" "$(cat "$work/err")" 'listening on TLS libraries'
	is "$backend: nothing is tapped" "$(classifiers)" 0
	ok "$backend: a connection" asks /alone
	ok "$backend: is shown" wait_until 5 told 'GET /alone'
	is "$backend: no packet is" "$(grep -c ' IP ' "$work/text")" 0
	kill -USR1 "$tap_pid"
	ok "$backend: SIGUSR1 tells of TLS" wait_until 5 reported
	tap_stop
	is "$backend: ends well" "$tap_status" 0
	like "$backend: what was shown is counted" "$(grep '^pidtap: TLS: ' "$work/err" | tail -n 1)" \
		'TLS: [1-9][0-9]* libraries probed.*, [1-9][0-9]* secrets, [1-9][0-9]* bytes of plaintext'

	tap_start a --backend "$backend" --plaintext --print
	is "$backend: with packets: listens" $? 0
	is "$backend: with packets: they are tapped" "$([ "$(classifiers)" -ge 1 ]; echo $?)" 0
	tap_stop

	tap_start a --backend "$backend" -i lo -w "$work/file"
	is "$backend: to a file: listens" $? 0
	ok "$backend: to a file: a connection" asks /file
	tap_stop
	like "$backend: to a file: what waited is counted" "$(grep '^pidtap: TLS: ' "$work/err")" \
		'[1-9][0-9]* secrets; [0-9]+ packets waited for keys, of flows: [1-9][0-9]* got them, 0 did not'

	tap_start a --backend "$backend" -i lo
	is "$backend: without TLS: listens" $? 0
	tap_stop
	no "$backend: without TLS: nothing of it" reported
done
done_testing
