#!/bin/bash
# The transport header is found behind IPv4 options and IPv6 extension headers.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark

options_traffic()
{
	local server_options=--exthdr
	exchange a b tcp 10.98.0.1 --exthdr && exchange b a tcp fd98::2 --exthdr &&
		exchange a b udp 10.98.0.1 --exthdr && exchange b a udp fd98::2 --exthdr --connected
}

for backend in $backends; do
	truth_clear
	file=$work/$backend.pcapng
	tap_start a --backend "$backend" -i veth0 -w "$file" --print
	is "$backend: listens" $? 0
	ok "$backend: traffic" options_traffic
	tap_stop
	ok "$backend: every packet names its process" judge
	fields "$file" ip.hdr_len ip.proto ipv6.hopopts ipv6.dstopts >"$work/headers"
	ok "$backend: IPv4 TCP had options" grep -q "^24.6" "$work/headers"
	ok "$backend: IPv4 UDP had options" grep -q "^24.17" "$work/headers"
	is "$backend: IPv6 TCP and UDP had both extension headers" \
		"$(fields "$file" ipv6.hopopts ipv6.dstopts tcp.port udp.port |
			awk -F '\t' '$1 != "" && $2 != "" { print $3 != "" ? "tcp" : $4 != "" ? "udp" : "?" }' | sort -u | xargs)" "tcp udp"
done
done_testing
