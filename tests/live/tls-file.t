#!/bin/bash
# One file holds cipher and clear text: tshark follows each plaintext stream to the very bytes that were said, the connections' own
# packets beside it are undisturbed and decrypted, and JSON says the same. Not on loopback: its segments are longer than what a record
# carries.
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

# python ADDRESS PORT CALLS: each side's bytes in CALLS calls. Sets server_pid and client_pid.
python()
{
	nsenter --net="$(ns_path b)" -- "$say" server "$2" "$work/cert.pem" "$work/key.pem" "$work/answer" "$work/question.$2" "$3" &
	server_pid=$!
	wait_until 20 listens "$2" || return
	nsenter --net="$(ns_path a)" -- "$say" client "$1" "$2" "$work/question" "$work/answer.$2" "$3" &
	client_pid=$!
	wait_until 30 process_is_over "$client_pid" && wait "$client_pid" && wait "$server_pid" &&
		cmp "$work/question" "$work/question.$2" && cmp "$work/answer" "$work/answer.$2"
}

process_is_over()
{
	! process_runs "$1"
}

# openssl_programs ADDRESS PORT: they end when their input does, so it is held open until all has come.
openssl_programs()
{
	local status
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
	status=$?
	exec 7>&- 8>&-
	kill "$client_pid" "$server_pid" 2>/dev/null
	wait "$client_pid" "$server_pid" 2>/dev/null
	return "$status"
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
		-e frame.comment -e tcp.srcport -e tcp.dstport -e tcp.analysis.flags -e tcp.checksum.status >"$work/fields" 2>/dev/null
	mapfile -t streams < <(awk -F '\t' '$2 != "" { print "-zfollow," ($1 == "tls-plaintext" ? "tcp" : "tls") ",raw," $2 }' \
		"$work/fields" | sort -u)
	timeout $((60 * ${patience:-1})) tshark -r "$work/file" -q "${streams[@]}" >"$work/follow" 2>/dev/null
}

# of CONDITION COLUMN: that column of the packets for which it holds, in awk's words
of()
{
	awk -F '\t' "{ plain = \$1 == \"tls-plaintext\"; stream = \$2; comment = \$3; port = \$4 < \$5 ? \$4 : \$5 }
		$1 { print $2 }" "$work/fields"
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

# conversation KIND ADDRESS PORT [CALLS]
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
	tap_stop
	is "$backend: ends well" "$tap_status" 0
	ok "$backend: the file is valid" file_is_valid "$work/file"
	is "$backend: in order of time" "$(capinfos -o "$work/file" 2>/dev/null | sed -n 's/^Strict time order: *//p')" True
	ok "$backend: JSON" "$check" "$work/text"
	read_file
	is "$backend: the checksums are right" "$(of plain '$7' | sort -u)" 1
	for talk in "${talks[@]}"; do
		read -r kind port client server <<<"$talk"
		judge_stream "$backend: port $port, the client" "$client" question answer "$kind" to "$port"
		judge_stream "$backend: port $port, the server" "$server" answer question "$kind" from "$port"
		ok "$backend: port $port: JSON has what it wrote" cmp <(said_in_json "$client") <(said_by question "$kind")
		is "$backend: port $port: the real port" "$(of "plain && comment ~ /pid=($client|$server) /" port | sort -u)" "$port"
		cipher=$(of "!plain && port == $port" stream | sort -u)
		like "$backend: port $port: its packets are one stream" "$cipher" '^[0-9]+$'
		ok "$backend: port $port: which is decrypted to what was asked" \
			cmp <("$followed" "$cipher" to "$port" <"$work/follow") <(said_by question "$kind")
		ok "$backend: port $port: and answered" cmp <("$followed" "$cipher" from "$port" <"$work/follow") <(said_by answer "$kind")
	done
done
done_testing
