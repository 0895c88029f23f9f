#!/bin/bash
# -s cuts what is captured and says so; without it packets are whole up to what a perf record can carry.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark capinfos

# probes/events.h: what a perf record carries (65528, less its 12 bytes of framing and struct ev_packet: 176), and all of a packet do
readonly caplen_max=65340 snaplen_max=147260

lengths()
{
	fields "$1" frame.len frame.cap_len ip.len
}

for backend in $backends; do
	truth_clear
	file=$work/$backend-short.pcapng
	tap_start a --backend "$backend" -i veth0 -s 100 -w "$file" --print
	is "$backend, -s 100: listens" $? 0
	ok "$backend, -s 100: traffic" exchange a b tcp 10.98.0.1 --bytes 5000
	tap_stop
	ok "$backend, -s 100: every packet names its process" judge
	ok "$backend, -s 100: a valid file" file_is_valid "$file"
	is "$backend, -s 100: cut to the shorter of 100 and the length" \
		"$(lengths "$file" | awk '{ print $2 == ($1 < 100 ? $1 : 100) ? "right" : $0 }' | sort -u)" right
	is "$backend, -s 100: the length is that of the wire" \
		"$(lengths "$file" | awk 'NF == 3 { print $1 == $3 + 14 ? "right" : $0 }' | sort -u)" right

	truth_clear
	file=$work/$backend-whole.pcapng
	tap_start a --backend "$backend" -i veth0 -w "$file" --print
	is "$backend, whole packets: listens" $? 0
	server_options=--oneway ok "$backend, whole packets: 4 MB" exchange b a tcp 10.98.0.2 --oneway --bytes 4000000
	tap_stop
	ok "$backend, whole packets: every packet names its process, no byte is missing" judge
	ok "$backend, whole packets: a valid file" file_is_valid "$file"
	is "$backend, whole packets: cut only at $snaplen_max" \
		"$(lengths "$file" | awk -v max=$snaplen_max '{ print ($1 > max || $2 == $1) ? "right" : $0 }' | sort -u)" right
	ok "$backend, whole packets: segmentation offload made some above 32 KiB" \
		test "$(lengths "$file" | awk '$1 > 32768' | wc -l)" -gt 0
	like "$backend, whole packets: none was lost" "$(tap_says)" ', 0 lost$'

	# The loopback's are as long as an IP packet can be, and longer than a perf record.
	truth_clear
	file=$work/$backend-loopback.pcapng
	tap_start a --backend "$backend" -i lo -w "$file" --print
	is "$backend, loopback: listens" $? 0
	server_options=--oneway ok "$backend, loopback: 4 MB" exchange a a tcp 127.0.0.1 --oneway --bytes 4000000
	tap_stop
	ok "$backend, loopback: every packet names its process, no byte is missing" judge
	is "$backend, loopback: packets are whole" \
		"$(lengths "$file" | awk -v max=$snaplen_max '{ print ($1 > max || $2 == $1) ? "right" : $0 }' | sort -u)" right
	ok "$backend, loopback: some are longer than a record" test "$(lengths "$file" | awk -v max=$caplen_max '$1 > max' | wc -l)" -gt 0
	like "$backend, loopback: none was lost" "$(tap_says)" ', 0 lost'
done
done_testing
