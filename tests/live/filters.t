#!/bin/bash
# -p and --uid are strict: only packets of these processes, all of them, and nobody's only with --include-unknown.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

wanted_pid()
{
	sed -n 's/^role=udp-server pid=\([0-9]*\) .* lport=6001 .*/\1/p' "$truth" | head -n 1
}

# A server that was there before the start, and lives to the end.
start_wanted()
{
	rm -f "$work/wanted.ready"
	peer_command a udp-server --addr 10.98.0.1 --port 6001 --repeat 4 --name wanted --ready "$work/wanted.ready"
	"${peer_command[@]}" &
	wait_until 5 test -e "$work/wanted.ready"
}

use_wanted()
{
	peer_in b udp-client --addr 10.98.0.1 --port 6001 --repeat 4
}

# Others' traffic, and a ping the kernel answers.
mixed_traffic()
{
	use_wanted && exchange a b tcp 10.98.0.1 && exchange b a tcp 10.98.0.2 --uid 65534 && ping_from b 10.98.0.1
}

# The processes and uids printed, each once.
named()
{
	sed -nE 's/^[^(]*\([^,]*, proc (\?|.*:[0-9]+), (uid ([0-9]+), )?(in|out).*/\1 \3/p' "$work/text" |
		sed -E 's/.*:([0-9]+) /\1 /' | sort -u
}

for backend in $backends; do
	truth_clear
	start_wanted
	pid=$(wanted_pid)
	tap_start a --backend "$backend" -i veth0 -p "$pid"
	is "$backend, -p: listens" $? 0
	ok "$backend, -p: traffic" mixed_traffic
	tap_stop
	is "$backend, -p: names this process only" "$(named)" "$pid 0"
	is "$backend, -p: has all of its packets" "$(wc -l <"$work/text")" 8

	truth_clear
	start_wanted
	pid=$(wanted_pid)
	tap_start a --backend "$backend" -i veth0 -p "$pid" --include-unknown
	is "$backend, --include-unknown: listens" $? 0
	ok "$backend, --include-unknown: traffic" mixed_traffic
	tap_stop
	is "$backend, --include-unknown: this process, and nobody's" "$(named)" "$(printf '%s\n' '? ' "$pid 0" | sort)"
	is "$backend, --include-unknown: has all of its packets" "$(grep -c ":$pid," "$work/text")" 8
	ok "$backend, --include-unknown: the kernel's echo replies" grep -q 'proc ?, out) .*echo reply' "$work/text"

	truth_clear
	start_wanted
	tap_start a --backend "$backend" -i veth0 --uid 65534
	is "$backend, --uid: listens" $? 0
	ok "$backend, --uid: traffic" mixed_traffic
	tap_stop
	sed -i -n '/ uid=65534 /p' "$truth"
	is "$backend, --uid: names this user only" "$(named | cut -d ' ' -f 2 | sort -u)" 65534
	ok "$backend, --uid: has all of its packets" judge
done
done_testing
