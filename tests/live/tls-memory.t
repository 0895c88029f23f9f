#!/bin/bash
# Programs that send themselves what a TLS library writes into memory (Python's asyncio): whose plaintext it is, is right or not said,
# and never wrong, with many connections in one thread whose records leave in another order than they were made.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl python3
live_begin

port=4434
connections=60
program=$(dirname "$0")/tls-memory

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

# talk [later]: in namespace a
talk()
{
	nsenter --net="$(ns_path a)" -- timeout $((30 * ${patience:-1})) "$program" talk "$work/cert.pem" "$work/key.pem" "$port" \
		"$connections" "$@" >"$work/truth"
}

all_are_there()
{
	grep -qx ready "$work/truth"
}

# Connections that were there before: the first that is written over each may be nobody's.
talk_later()
{
	mkfifo "$work/begin"
	talk later <"$work/begin" &
	talk_pid=$!
	exec 8>"$work/begin"
	wait_until 20 all_are_there
}

begin()
{
	echo >&8
	exec 8>&-
	wait "$talk_pid"
}

judged()
{
	"$program" judge "$port" "$work/truth" "$work/text" 2>"$work/wrong"
	diag "$(head -n 5 "$work/wrong")"
}

ok "a certificate" make_certificate
for backend in $backends; do
	tap_start a --backend "$backend" -i lo --plaintext
	is "$backend: listens" $? 0
	ok "$backend: $connections connections at a time" talk
	tap_stop
	is "$backend: ends well" "$tap_status" 0
	verdict=$(judged)
	diag "$backend, connections begun after the start: $verdict"
	like "$backend: whose it is, is known of all, and right" "$verdict" '^[1-9][0-9]{2,} right, 0 not known, 0 wrong$'
	like "$backend: and said to be inferred" "$(cat "$work/text")" ' TLS write [0-9]+ bytes.*, connection inferred'

	rm -f "$work/begin"
	talk_later
	is "$backend: $connections connections before the start" $? 0
	tap_start a --backend "$backend" -i lo --plaintext
	is "$backend: listens" $? 0
	begin
	is "$backend: they talk" $? 0
	tap_stop
	verdict=$(judged)
	diag "$backend, connections of before: $verdict"
	like "$backend: whose it is, is right or not said" "$verdict" '^[1-9][0-9]{2,} right, [0-9]+ not known, 0 wrong$'
done
done_testing
