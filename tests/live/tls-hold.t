#!/bin/bash
# Packets that wait for their keys: handshakes of all shapes are decrypted; what never gets keys, or is no TLS, is in the file
# nevertheless, with its own times, and delays nobody else.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark /usr/bin/python3
tls_begin
export DONE=$work/done
messages=5

odd()
{
	client "$here/tls-odd" "$@"
}

serve_odd()
{
	READY=$work/ready serve "$1" "$2-$1" "$here/tls-odd" "$2" "$1"
}

# start_odd ROLE PORT...: a client that stays until $DONE is there; returns when it has said what it has to say
start_odd()
{
	rm -f "$DONE" "$work/said"
	READY=$work/said odd "$@" >"$work/times" &
	odd_pid=$!
	wait_until 20 test -e "$work/said"
}

end_odd()
{
	touch "$DONE"
	wait "$odd_pid"
}

# A ClientHello in one segment, its record header alone, cut within its random and behind it, one byte at a time.
odd_shapes()
{
	odd client 4430 && odd client 4430 5 && odd client 4430 20 100 && odd client 4430 1 1 1 1 1 1 1 30 1 1 1 1 1 1
}

# data_packets PORT [FIELD]...: of packets with data, of the file
data_packets()
{
	local port=$1 args=() field
	shift
	for field in "${@:-frame.number}"; do
		args+=(-e "$field")
	done
	timeout $((60 * ${patience:-1})) tshark -r "$work/file.pcapng" -Y "tcp.port == $port && tcp.len > 0" -T fields "${args[@]}" 2>/dev/null
}

data_packets_are()
{
	[ "$(data_packets "$1" | wc -l)" = "$2" ]
}

# Both packets of each exchange carry a time between when it was begun and when it was over. A tenth of a second is let pass for clocks
# that are told anew, which is little against what they were held.
times_are_own()
{
	# each message has one packet there and one back
	paste <(data_packets "$1" frame.time_epoch) <(sed p "$work/times") | awk '
		NF != 3 { print "as many packets as messages are not there: " $0; bad = 1 }
		$1 < $2 / 1e9 - 0.1 || $1 > $3 / 1e9 + 0.1 { print; bad = 1 }
		END { exit bad || !NR }'
}

# They were captured after the first packet that waits, and stand before it.
went_ahead()
{
	local held plain
	held=$(data_packets 4431 frame.number | sed -n 2p)
	plain=$(data_packets 443 frame.number | tail -n 1)
	[ "$(data_packets 443 | wc -l)" = $((2 * messages)) ] && [ "$plain" -lt "$held" ]
}

counts_without_keys()
{
	: >"$work/err"
	kill -USR1 "$tap_pid"
	wait_until 10 grep -q 'user space:' "$work/err" && grep -q "packets waited for keys, .*, $1 did not" "$work/err"
}

# tls_tap without plaintext
file_tap()
{
	tap_start a --backend "$backend" -i veth0 -w "$work/file.pcapng" "$@"
}

server_hellos()
{
	timeout $((60 * ${patience:-1})) tshark -r "$work/file.pcapng" -d "tcp.port==$1,tls" -Y "tcp.port == $1 && tls.handshake.type == 2" 2>/dev/null | wc -l
}

backend=${backends%% *}
serve_odd 4430 server
is "a server" $? 0

tls_tap
ok "handshakes of odd shapes" odd_shapes
# A program that has TLS in memory and sends a record in pieces: its plaintext is of no known connection.
tls_opinion 4430
like "$backend: all are decrypted" "$(grep '^tls-odd tls-odd ' "$work/table")" '^tls-odd tls-odd connections=4 begun=4 decrypted=4 '

# No packet comes after those that are let go: they must be in the file all the same.
serve_odd 443 plain-server && serve_odd 4430 server && serve_odd 4431 mute-server
is "servers, again" $? 0
file_tap --hold 2000
start_odd unfinished 4430
is "a handshake that is never finished" $? 0
unfinished_pid=$odd_pid
start_odd mute-client 4431 "$messages" 443
is "one whose keys nobody knows, and a connection without TLS to port 443 at the same time" $? 0
ok "when it has waited long enough, its packets are in the file" wait_until 20 data_packets_are 4431 $((2 + 2 * messages))
ok "with their own times" times_are_own 4431
is "so are the unfinished one's" "$(server_hellos 4430)" 1
ok "both are counted" counts_without_keys 2
ok "the other connection's packets did not wait" went_ahead
end_odd
wait "$unfinished_pid"
tap_stop

file_tap --hold 2500
start_odd mute-client 4431 "$messages" 443
is "one that is held" $? 0
tap_stop
is "is in the file if pidtap ends meanwhile" "$(data_packets 4431 | wc -l)" $((2 + 2 * messages))
ok "with its own times" times_are_own 4431
ok "the file is valid" file_is_valid "$work/file.pcapng"
end_odd
servers_stop
done_testing
