#!/bin/bash
# Every way to end it ends it cleanly: SIGINT, SIGTERM, -c, --duration. SIGUSR1 tells the counters and changes nothing.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark capinfos

attached()
{
	in_ns a tc qdisc show dev veth0 | grep clsact
}

for backend in $backends; do
	for signal in INT TERM; do
		truth_clear
		file=$work/$signal.pcapng
		tap_start a --backend "$backend" -i veth0 -w "$file" --print
		is "$backend, SIG$signal: listens" $? 0
		ok "$backend, SIG$signal: traffic" exchange a b tcp 10.98.0.1
		tap_stop "$signal"
		is "$backend, SIG$signal: status 0" "$tap_status" 0
		ok "$backend, SIG$signal: nothing that was sent before it is missing" judge
		ok "$backend, SIG$signal: a valid file" file_is_valid "$file"
		no "$backend, SIG$signal: nothing stays attached" attached
	done
done

backend=${backends%% *}
truth_clear
tap_start a --backend "$backend" -i veth0
ok "SIGUSR1: traffic" exchange a b udp 10.98.0.1
kill -USR1 "$tap_pid"
ok "SIGUSR1: counters" wait_until 5 grep -q '^pidtap: [0-9]* packets captured' "$work/err"
ok "SIGUSR1: goes on" exchange a b udp 10.98.0.1
tap_stop
is "SIGUSR1: status 0 in the end" "$tap_status" 0
ok "SIGUSR1: nothing is missing" judge

tap_start a --backend "$backend" -i veth0 -c 5
exchange a b tcp 10.98.0.1 >/dev/null
tap_wait
is "-c 5: ends with status 0" "$tap_status" 0
is "-c 5: after five packets" "$(wc -l <"$work/text")" 5
like "-c 5: and says five" "$(tap_says)" '^pidtap: 5 packets captured'

start=${EPOCHREALTIME/./}
tap_run a --backend "$backend" -i veth0 --duration 1
took=$(((${EPOCHREALTIME/./} - start) / 1000))
is "--duration 1: ends with status 0" "$tap_status" 0
ok "--duration 1: not before a second ($took ms)" test "$took" -ge 1000
ok "--duration 1: nor long after ($took ms)" test "$took" -lt 10000
done_testing
