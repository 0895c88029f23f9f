#!/bin/bash
# One file holds cipher and clear text: tshark follows each plaintext stream to the very bytes that were said, the connections' own
# packets beside it are undisturbed and decrypted, and JSON says the same. A stream ends when its connection does, and only then. Not on
# loopback: its segments are longer than what a record carries.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl python3 tshark perl
live_begin

say=$top/tests/live/tls-say
followed=$top/tests/golden/followed
check=$top/tests/golden/json-check

make_files()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null &&
		head -c 300000 /dev/urandom >"$work/question" && head -c 200001 /dev/urandom >"$work/answer"
}

listens()
{
	in_ns b ss -Hltn "sport = :$1" | grep -q .
}

has_bytes()
{
	[ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ]
}

# No socket of this port is left but for those that wait, in TIME-WAIT, for nothing.
is_closed()
{
	! { in_ns a ss -Htn state connected exclude time-wait "dport = :$1" && in_ns b ss -Htn state connected exclude time-wait "sport = :$1"; } |
		grep -q .
}

# python ADDRESS PORT CALLS [FROM]: each side's bytes in CALLS calls. Sets server_pid and client_pid.
python()
{
	nsenter --net="$(ns_path b)" -- "$say" server "$2" "$work/cert.pem" "$work/key.pem" "$work/answer" "$work/question.$2" "$3" &
	server_pid=$!
	wait_until 20 listens "$2" || return
	nsenter --net="$(ns_path a)" -- "$say" client "$1" "$2" "$work/question" "$work/answer.$2" "$3" ${4:+"$4"} &
	client_pid=$!
	wait_until 30 process_is_over "$client_pid" && wait "$client_pid" && wait "$server_pid" && wait_until 10 is_closed "$2" &&
		cmp "$work/question" "$work/question.$2" && cmp "$work/answer" "$work/answer.$2"
}

process_is_over()
{
	! process_runs "$1"
}

# open_programs ADDRESS PORT: openssl's. They end when their input does, so it is held open.
open_programs()
{
	rm -f "$work/to.server" "$work/to.client"
	mkfifo "$work/to.server" "$work/to.client"
	exec 7<>"$work/to.server" 8<>"$work/to.client"
	nsenter --net="$(ns_path b)" -- openssl s_server -key "$work/key.pem" -cert "$work/cert.pem" -accept "$2" -quiet \
		<"$work/to.server" >"$work/question.$2" 2>/dev/null 7>&- 8>&- &
	server_pid=$!
	wait_until 20 listens "$2" || return
	nsenter --net="$(ns_path a)" -- openssl s_client -connect "$1:$2" -quiet <"$work/to.client" >"$work/answer.$2" 2>/dev/null 7>&- 8>&- &
	client_pid=$!
	cat "$work/question" >&8
	wait_until 30 has_bytes "$work/question.$2" 300000 && cat "$work/answer" >&7 && wait_until 30 has_bytes "$work/answer.$2" 200001
}

close_programs()
{
	exec 7>&- 8>&-
	kill "$client_pid" "$server_pid" 2>/dev/null
	wait "$client_pid" "$server_pid" 2>/dev/null
	wait_until 10 is_closed "$1"
}

openssl_programs()
{
	local status
	open_programs "$@"
	status=$?
	close_programs "$2" && return "$status"
}

# The files of what a side said: what is said over the connection, with its length before it where tls-say does.
said_by()
{
	[ "$2" != python ] || perl -e 'print pack "Q>", shift' "$(stat -c %s "$work/$1")"
	cat "$work/$1"
}

# One reading of the file, for all questions: a line a packet. The plaintext streams are followed in a second one.
read_file()
{
	local streams
	timeout $((60 * ${patience:-1})) tshark -r "$work/file" -o tcp.check_checksum:TRUE -T fields -e frame.interface_name -e tcp.stream \
		-e frame.comment -e tcp.srcport -e tcp.dstport -e tcp.analysis.flags -e tcp.checksum.status -e tcp.flags -e frame.time_epoch \
		>"$work/fields" 2>/dev/null
	mapfile -t streams < <(awk -F '\t' '$2 != "" { print "-zfollow," ($1 == "tls-plaintext" ? "tcp" : "tls") ",raw," $2 }' \
		"$work/fields" | sort -u)
	timeout $((60 * ${patience:-1})) tshark -r "$work/file" -q "${streams[@]}" >"$work/follow" 2>/dev/null
}

# of CONDITION COLUMN: that column of the packets for which it holds, in awk's words. Times have more digits than its numbers.
of()
{
	awk -F '\t' "{ plain = \$1 == \"tls-plaintext\"; stream = \$2; comment = \$3; port = \$4 < \$5 ? \$4 : \$5
			fin = \$8 ~ /[13579bdf]$/; time = \$9 \"\"; over[stream] += plain && fin }
		$1 { print $2 }" "$work/fields"
}

in_order()
{
	LC_ALL=C sort -c
}

# An end is told some seconds late, with its time: so the file is in order but for these.
is_in_order()
{
	of '!(plain && over[stream])' time | in_order
}

# Has a stream with this port ended, while the capture goes on?
has_end()
{
	tshark -r "$work/file" -Y "frame.interface_name == \"tls-plaintext\" && tcp.flags.fin == 1 && tcp.port == $1" 2>/dev/null | grep -q .
}

# flags_of PID: of its stream's segments but for the data, as words
flags_of()
{
	of "plain && comment ~ /pid=$1 / && !(comment ~ / tls=/)" '$8' | sed 's/^0x0*//' | tr '\n' ' '
}

# judge_end WHAT PID
judge_end()
{
	like "$1: it begins, and ends once" "$(flags_of "$2")" '^2 12 (10 )*11 11 10 $'
	ok "$1: that is last" test -z "$(of "plain && comment ~ /pid=$2 / && over[stream] && comment ~ / tls=/" stream)"
	ok "$1: its times do not run backwards" in_order < <(of "plain && comment ~ /pid=$2 /" time)
}

# ended_before PID PORT: its stream ended before the first connection to this port began
ended_before()
{
	{
		of "plain && fin && comment ~ /pid=$1 /" time
		of "!plain && port == $2" time | head -1
	} | in_order
}

# judge_stream WHAT PID WROTE READ KIND from|to PORT: what it wrote came from that port, or went to it
judge_stream()
{
	local stream pid="comment ~ /pid=$2 /" other=to
	stream=$(of "plain && $pid" stream | sort -u)
	like "$1: one stream" "$stream" '^[0-9]+$'
	[ "$6" = to ] && other=from
	ok "$1: what it wrote" cmp <("$followed" "$stream" "$6" "$7" <"$work/follow") <(said_by "$3" "$5")
	ok "$1: what it read" cmp <("$followed" "$stream" "$other" "$7" <"$work/follow") <(said_by "$4" "$5")
	is "$1: nothing looks lost, sent again or out of order" "$(of "plain && stream == \"$stream\" && \$6 != \"\"" '$6')" ""
}

# said_in_json PID: what the process wrote
said_in_json()
{
	perl -MJSON::PP -MMIME::Base64 -ne 'BEGIN { $pid = shift } $o = decode_json($_);
		print decode_base64($o->{data}) if $o->{owner}{pid} == $pid && $o->{dir} eq "write"' "$1" "$work/text"
}

# conversation KIND ADDRESS PORT [CALLS [FROM]]
conversation()
{
	"$@" >"$work/said" 2>&1
	is "$backend: $1 over $2" $? 0 || diag "$(cat "$work/said")"
	talks+=("$1 $3 $client_pid $server_pid")
}

ok "a certificate, and what to say" make_files
for backend in $backends; do
	talks=()
	tap_start a --backend "$backend" -i veth0 -w "$work/file" --plaintext --json
	is "$backend: listens" $? 0
	conversation openssl_programs 10.98.0.2 5001
	conversation openssl_programs '[fd98::2]' 5002
	conversation python 10.98.0.2 5003 1
	conversation python fd98::2 5004 7
	conversation python 10.98.0.2 5005 1 40077
	conversation python 10.98.0.2 5005 1 40077
	conversation open_programs 10.98.0.2 5006
	ok "$backend: a stream ends while others go on" wait_until 30 has_end 5005
	tap_stop
	close_programs 5006
	is "$backend: ends well" "$tap_status" 0
	ok "$backend: the file is valid" file_is_valid "$work/file"
	ok "$backend: JSON" "$check" "$work/text"
	read_file
	ok "$backend: in order of time" is_in_order
	is "$backend: the checksums are right" "$(of plain '$7' | sort -u)" 1
	for talk in "${talks[@]}"; do
		read -r kind port client server <<<"$talk"
		judge_stream "$backend: port $port, the client" "$client" question answer "$kind" to "$port"
		judge_stream "$backend: port $port, the server" "$server" answer question "$kind" from "$port"
		is "$backend: port $port: the real port" "$(of "plain && comment ~ /pid=($client|$server) /" port | sort -u)" "$port"
		if [ "$kind" = open_programs ]; then
			is "$backend: port $port: open at the end, so it did not end" "$(of "plain && port == $port && over[stream]" stream)" ""
			continue
		fi
		judge_end "$backend: port $port, the client" "$client"
		judge_end "$backend: port $port, the server" "$server"
		ok "$backend: port $port, the client: ended when it did" ended_before "$client" "$((port + 1))"
		ok "$backend: port $port, the server: ended when it did" ended_before "$server" "$((port + 1))"
		[ "$port" != 5005 ] || continue # one tuple, two connections: readers know no more than that
		ok "$backend: port $port: JSON has what it wrote" cmp <(said_in_json "$client") <(said_by question "$kind")
		cipher=$(of "!plain && port == $port" stream | sort -u)
		like "$backend: port $port: its packets are one stream" "$cipher" '^[0-9]+$'
		ok "$backend: port $port: which is decrypted to what was asked" \
			cmp <("$followed" "$cipher" to "$port" <"$work/follow") <(said_by question "$kind")
		ok "$backend: port $port: and answered" cmp <("$followed" "$cipher" from "$port" <"$work/follow") <(said_by answer "$kind")
	done
done
done_testing
