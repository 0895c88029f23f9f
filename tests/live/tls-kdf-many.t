#!/bin/bash
# As tls-kdf.t, with many handshakes at once in one thread, whose messages are in memory (asyncio), also where each of them has another
# one in the midst of it; and the file is decrypted by tshark.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl perl tshark
live_begin
# shellcheck source=tests/live/tls-kdf-lib.sh
. "$(dirname "$0")/tls-kdf-lib.sh"
many=24

all_wait()
{
	[ "$(in_ns a ss -Hltn "sport = :$port" | awk '{ print $2 }')" = "$many" ]
}

# decrypted WHAT: connections in which tshark reads one
decrypted()
{
	tshark -r "$work/file.pcapng" -d "tcp.port==$port,tls" -Y "tcp.port==$port && http.$1" -T fields -e tcp.stream 2>/dev/null | tr ',' '\n' | sort -u | wc -l
}

# The server answers the first when all have begun. asyncio_plays [ASK]: meanwhile it asks that port
asyncio_plays()
{
	local client_pid
	rm -f "$work/log" "$work/go"
	probed -w "$work/file.pcapng" --hold 2500
	is "$case: listens, and has probed" $? 0
	role server
	"${run[@]}" "$here/tls-many" server "$port" "$work" "$@" &
	server_pid=$!
	ok "$case: a server" wait_until 20 server_listens
	role client
	timeout $((60 * ${patience:-1})) "${run[@]}" "$here/tls-many" client "$port" "$work" "$many" &
	client_pid=$!
	ok "$case: $many connections wait" wait_until 20 all_wait
	touch "$work/go"
	wait "$client_pid"
	is "$case: and are served" $? 0
	stop_server
	tap_stop
	judge
	is "$case: as many connections as there should be" "$(($(cut -d ' ' -f 2 "$work/lines" | sort -u | wc -l) / many))" $((1 + $#))
	is "$case: tshark reads the requests" "$(decrypted request)" "$many"
	is "$case: and the answers" "$(decrypted response)" "$many"
}

ok "certificate and libraries" make_files
seen_env=("LD_LIBRARY_PATH=$work/misspelt")
seen_openssl=(openssl)
for backend in $backends; do
	for seen in client server; do
		case="$backend, $seen seen"
		rm -f "$work"/keys.*
		asyncio_plays
	done
	seen=server
	case="$backend, within each other"
	rm -f "$work"/keys.*
	role client
	"${run[@]}" openssl s_server -accept $((port + 1)) -www -keylogfile "$work/keys.client" -cert "$work/cert.pem" \
		-key "$work/key.pem" <&7 >"$work/heard" 2>&1 &
	asked_pid=$!
	ok "$case: a server that is asked" wait_until 20 server_listens $((port + 1))
	asyncio_plays $((port + 1))
	kill "$asked_pid"
done
done_testing
