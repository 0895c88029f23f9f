#!/bin/bash
# Plaintext in the outputs, of recorded records: text and JSON as expected; pcapng judged by tshark, which must follow each stream to
# the very bytes that went in, with the connection's own packets in the same file.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

bin=${O:-build}/tests
want=tests/golden/expected
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C

for program in make_plain replay; do
	[ -x "$bin/$program" ] || skip_all "$bin/$program is not built: make test-tools"
done
if ! { "$bin/make_plain" "$work" && "$bin/replay" --plaintext "$work/records" "$work/text" "$work/json" "$work/file"; }; then
	echo "Bail out! the records cannot be made or replayed"
	exit 1
fi
plain='frame.interface_name == "tls-plaintext"'

# read_file ARGUMENTS...: tshark on the file, every checksum looked at
read_file()
{
	tshark -r "$work/file" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE "$@" 2>/dev/null
}

# Without those whose random data is of no use to a reader.
short_text()
{
	awk '/^[0-9]/ { shown = !/proc (python3|x):/ } shown' "$1"
}

short_json()
{
	grep -vE '"pid":(300|400),' "$1"
}

# stream_of PID: the number tshark gives to the plaintext of this process
stream_of()
{
	read_file -Y "$plain && frame.comment contains \"pid=$1 \"" -T fields -e tcp.stream | sort -u
}

# is_followed NAME PID PORT: the port of the process's end
is_followed()
{
	local stream
	stream=$(stream_of "$2")
	like "$1: one stream" "$stream" '^[0-9]+$'
	ok "$1: what was written, byte by byte" cmp <(tests/golden/followed "$stream" from "$3" <"$work/follow") "$work/$1.write"
	ok "$1: what was read" cmp <(tests/golden/followed "$stream" to "$3" <"$work/follow") "$work/$1.read"
}

short_text "$work/text" >"$work/plaintext"
short_json "$work/json" >"$work/plaintext.json"
if [ "${1:-}" = --accept ]; then
	cp "$work"/plaintext{,.json} "$want"
	exit
fi
ok "text" diff -a -u "$want/plaintext" "$work/plaintext"
ok "JSON" diff -u "$want/plaintext.json" "$work/plaintext.json"
ok "JSON: a valid object a line" tests/golden/json-check "$work/json"
tests/golden/json-check --get data "$work/json" | paste -d ' ' <(tests/golden/json-check --get owner.pid "$work/json") \
	<(tests/golden/json-check --get dir "$work/json") - |
	awk '$1 == 300 && $2 == "write" { print $3 }' | perl -MMIME::Base64 -ne 'print decode_base64($_)' >"$work/decoded"
ok "JSON: the data, byte by byte" cmp "$work/decoded" "$work/six.write"

is "tshark has nothing to complain about" "$(tshark -r "$work/file" 2>&1 >/dev/null | grep -v '^Running as user')" ""
is "nor tcpdump" "$(tcpdump -n -r "$work/file" 2>&1 >/dev/null | grep -v '^reading from file')" ""
is "in order" "$(capinfos -o "$work/file" 2>/dev/null | sed -n 's/^Strict time order: *//p')" True
is "the checksums are right" "$(read_file -Y "$plain" -T fields -e tcp.checksum.status -e ip.checksum.status | sort -u)" "1	1"
read_file -q "-zfollow,tcp,raw,"{0,1,2,3,4} >"$work/follow"
is_followed client 100 40000
is_followed server 200 8080
is_followed six 300 40001
is_followed unknown 400 1
is "no segment looks lost, sent again or out of order" \
	"$(read_file -Y "$plain && tcp.analysis.flags && tcp.port != 9000" -T fields -e frame.number)" ""
is "the real addresses and ports, each once" "$(read_file -Y "$plain && frame.comment contains \"pid=100 \" && http.request" \
	-T fields -e ip.src -e ip.dst -e tcp.srcport -e tcp.dstport | sort -u)" "10.0.0.1	10.0.0.2	40000	8080"
is "IPv6, too" "$(read_file -Y "$plain && frame.comment contains \"pid=300 \" && frame.comment contains \"tls=write\"" \
	-T fields -e ipv6.src -e ipv6.dst -e tcp.srcport -e tcp.dstport | sort -u)" "2001:db8::1	2001:db8::2	40001	443"
is "the connection's own packets are another stream" \
	"$(read_file -Y "$plain && tcp.stream == $(read_file -Y 'frame.interface_name == "eth0"' -T fields -e tcp.stream | sort -u)")" ""
is "HTTP is dissected" "$(read_file -Y 'http.response.code == 200 && frame.comment contains "pid=100 "' -T fields -e frame.number |
	wc -l)" 3

cut=$(stream_of 500)
is "what is missing is told where it was" "$(read_file -Y "tcp.stream == $cut && frame.comment contains \"missing=\"" \
	-T fields -e frame.comment | grep -o 'missing=.*')" "missing=40
missing=500
missing=20
missing=50"
is "and seen by tshark" "$(read_file -Y "tcp.stream == $cut && tcp.analysis.lost_segment" | wc -l)" 2
like "which says so where it follows" "$(tshark -r "$work/file" -q -z "follow,tcp,ascii,$cut" 2>/dev/null)" \
	'\[560 bytes missing in capture file\].*the end'
is "so is what the last call still had to say" \
	"$(read_file -Y "tcp.stream == $cut && tcp.flags.fin == 1" -T fields -e tcp.srcport -e tcp.seq -e tcp.ack)" "40002	631	80
9000	80	632"

# ends_of STREAM: who sent FIN, in their order
ends_of()
{
	read_file -Y "tcp.stream == $1 && tcp.flags.fin == 1" -T fields -e tcp.srcport
}

mapfile -t same < <(stream_of 600)
is "a client's connection ends" "$(ends_of "$(stream_of 100)")" "40000
8080"
is "a server's" "$(ends_of "$(stream_of 200)")" "8080
40000"
is "IPv6" "$(ends_of "$(stream_of 300)")" "40001
443"
is "one that is not known does not end" "$(ends_of "$(stream_of 400)")" ""
is "the same tuple and connection object again: two streams" "${#same[@]}" 2
is "the first ends" "$(ends_of "${same[0]}")" "40003
8080"
is "the second goes on" "$(ends_of "${same[1]}")" ""

# Since Wireshark 3.6: the sum of 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN. It is known at the stream's last segment.
completeness_of()
{
	read_file -Y "tcp.stream == $1" -T fields -e tcp.completeness | tail -n 1
}

if tshark -G fields 2>/dev/null | cut -f 3 | grep -qx tcp.completeness; then
	for pid in 100 200 300 500; do
		is "tshark finds the connection of $pid complete" "$(completeness_of "$(stream_of "$pid")")" 31
	done
	is "it sees what has not ended" "$(completeness_of "${same[1]}")" 11
fi
is "an end is told when it was, by the process" \
	"$(read_file -Y "tcp.stream == ${same[0]} && tcp.flags.fin == 1" -T fields -e frame.time_epoch -e frame.comment | sort -u)" \
	"1700049600.038012654	pid=600 tid=600 uid=1000 comm=curl attr=exact"
done_testing
