#!/bin/bash
# By which descriptor a process has the connection its plaintext goes over: of connections of before the start, dup'ed, inherited,
# passed on, and with descriptors that were another connection's a moment ago.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl python3
live_begin

port=4435
program=$(dirname "$0")/tls-fd

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

is_ready()
{
	grep -qx ready "$work/$1"
}

start_server()
{
	: >"$work/server"
	nsenter --net="$(ns_path a)" -- "$program" serve "$work/cert.pem" "$work/key.pem" "$port" >"$work/server" &
	server_pid=$!
	wait_until 10 is_ready server
}

start_client()
{
	rm -f "$work/begin"
	: >"$work/client"
	mkfifo "$work/begin"
	nsenter --net="$(ns_path a)" -- timeout $((30 * ${patience:-1})) "$program" talk "$port" <"$work/begin" >"$work/client" &
	client_pid=$!
	exec 8>"$work/begin"
	wait_until 10 is_ready client
}

talk()
{
	echo >&8
	exec 8>&-
	wait "$client_pid"
}

tells_how_many()
{
	kill -USR1 "$tap_pid"
	wait_until 5 grep -qE '^pidtap: connections: [1-9][0-9]* known, of [1-9][0-9]* processes, 0 forgotten$' "$work/err"
}

ok "a certificate" make_certificate
for backend in $backends; do
	start_server
	is "$backend: a server" $? 0
	start_client
	is "$backend: connections" $? 0
	tap_start a --backend "$backend" -i lo --plaintext
	is "$backend: listens" $? 0
	talk
	is "$backend: they talk" $? 0
	ok "$backend: SIGUSR1 tells how many connections are known" tells_how_many
	tap_stop
	is "$backend: ends well" "$tap_status" 0
	kill "$server_pid"
	"$program" judge "$work/text" "$work/server" "$work/client" >"$work/verdict"
	is "$backend: every descriptor is right" $? 0
	diag "$(cat "$work/verdict")"
	is "$backend: of all conversations" "$(grep -c . "$work/verdict")" 26
done
done_testing
