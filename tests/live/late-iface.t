#!/bin/bash
# Interfaces that come and go: -i any follows them, a named one that vanishes ends the capture with status 1.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark

add_late()
{
	ip link add late0 netns "$ns_prefix-a" type veth peer name late0 netns "$ns_prefix-b" &&
		in_ns a ip address add 10.96.0.1/24 dev late0 &&
		in_ns b ip address add 10.96.0.2/24 dev late0 &&
		in_ns a ip link set late0 up && in_ns b ip link set late0 up
}

delete_late()
{
	in_ns a ip link delete late0
}

late_is_captured()
{
	in_ns a tc filter show dev late0 egress | grep -q bpf
}

for backend in $backends; do
	truth_clear
	tap_start a --backend "$backend" -i any -w "$work/any.pcapng" --print
	is "$backend, any: listens" $? 0
	ok "$backend, any: a new interface" add_late
	ok "$backend, any: it is taken in" wait_until 5 late_is_captured
	ok "$backend, any: traffic on it" exchange a b tcp 10.96.0.1
	ok "$backend, any: it vanishes" delete_late
	ok "$backend, any: traffic elsewhere" exchange b a udp 10.98.0.2
	ok "$backend, any: still runs" tap_runs
	tap_stop
	is "$backend, any: ends with status 0" "$tap_status" 0
	ok "$backend, any: every packet names its process" judge
	ok "$backend, any: packets of the late interface" grep -q '(late0, ' "$work/text"
	ok "$backend, any: a valid file" file_is_valid "$work/any.pcapng"

	add_late
	tap_start a --backend "$backend" -i late0 -w "$work/named.pcapng"
	is "$backend, named: listens" $? 0
	delete_late
	tap_wait
	is "$backend, named: its end is status 1" "$tap_status" 1
	ok "$backend, named: a line names it" grep -q '^pidtap: .*late0.*\(gone\|vanish\|removed\)' "$work/err"
	ok "$backend, named: a valid file" file_is_valid "$work/named.pcapng"
done
done_testing
