#!/bin/bash
# A tuple used again at once: nothing of the second connection may name the process of the first.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

# the second connection's packets, from its SYN on, as the server's end sees them
second_connection()
{
	awk '/\.7911 > 127\.0\.0\.1\.7910: Flags \[S\]/ && / in\) / { syns++ }
		syns == 2 && (/ in\) .*> 127\.0\.0\.1\.7910:/ || / out\) .*127\.0\.0\.1\.7910 >/)' "$work/text"
}

named()
{
	second_connection | grep -c -E "$1"
}

for backend in $backends; do
	for assume in "" "--assume-kernel 4.9"; do
		what="$backend${assume:+, $assume}"
		# shellcheck disable=SC2086
		tap_start a --backend "$backend" $assume -i lo
		is "$what: listens" $? 0
		in_ns a "$top/tests/live/reuse-tuple" >"$work/pids" 2>"$work/perl"
		is "$what: traffic" $? 0
		tap_stop
		mapfile -t pids < <(awk '{print $2}' "$work/pids")
		ok "$what: the handshake and the data are seen" test "$(named .)" -ge 5
		is "$what: nothing names the first connection's process" "$(named "proc [^,]*:${pids[1]}[,)]")" 0
		is "$what: before the accept the listener is named, then who accepted" \
			"$(named "proc [^,]*:(${pids[0]}|${pids[2]}),")" "$(named .)"
	done
done
done_testing
