#!/bin/bash
# Every packet names the process of its local socket: TCP, UDP, ping, IPv4 and IPv6, on a wire and on loopback.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark capinfos

for backend in $backends; do
	truth_clear
	file=$work/$backend.pcapng
	tap_start a --backend "$backend" -i any -w "$file" --print
	is "$backend: listens" $? 0
	ok "$backend: traffic" traffic_all
	tap_stop
	is "$backend: ends with status 0" "$tap_status" 0
	ok "$backend: every packet names its process" judge
	like "$backend: the last line counts" "$(tap_says)" \
		"^pidtap: $(wc -l <"$work/text") packets captured \(.*exact [0-9]+.*\), [0-9]+ without owner, 0 lost"
	ok "$backend: a valid file" file_is_valid "$file"
	is "$backend: text and pcapng name the same processes" "$(text_pids)" "$(file_pids "$file")"
done

# the listener's data before accept: it is accepted only once the client has sent
for backend in $backends; do
	truth_clear
	rm -f "$work/sent"
	tap_start a --backend "$backend" -i any
	is "$backend: listens" $? 0
	server_options="--accept-wait $work/sent --oneway" \
		ok "$backend: late accept" exchange a b tcp 10.98.0.1 --oneway --ready "$work/sent"
	tap_stop
	ok "$backend: late accept: every packet names its process" judge
done
done_testing
