#!/bin/bash
# -v and the pcapng's comments name all processes that hold a packet's socket, and nobody else.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need perl tshark
[ -x "$top/build/tests/scenario" ] || skip_all "build/tests/scenario is not built (make all test-tools)"

# A parent sends, its child only has the socket, both until they are told to end. Prints their numbers.
# shellcheck disable=SC2016 # perl's $
readonly pair='
	use IO::Socket::INET;
	my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1") or die;
	my $child = fork // die;
	if ($child) {
		send($s, "x", 0, getsockname $s) or die;
		$| = 1;
		print join(",", sort { $a <=> $b } $$, $child), "\n";
	}
	<STDIN>'

# The packet is seen on its way out and in.
both_are_shown()
{
	[ "$(grep -c ' holders=' "$work/text")" = 2 ]
}

mkfifo "$work/end"
tap_start a -i lo -w "$work/out.pcapng" --print -v
is "a file and text: listens" $? 0
in_ns a perl -e "$pair" <"$work/end" >"$work/pids" &
pair_pid=$!
exec 9>"$work/end"
ok "text: both holders" wait_until 10 both_are_shown
exec 9>&-
wait "$pair_pid"
tap_stop
is "text: and nobody else" "$(grep -c "attr=[a-z]* holders=$(cat "$work/pids")) IP" "$work/text")" 2
is "file: the same" "$(fields "$work/out.pcapng" frame.comment | grep -c " attr=[a-z]* holders=$(cat "$work/pids")$")" 2
tap_start a -i lo
in_ns a perl -e "$pair" </dev/null >"$work/pids"
tap_stop
is "without -v: none" "$(grep -c holders= "$work/text")" 0
like "though it was captured" "$(tap_says)" '^pidtap: 2 packets captured'

# The traffic logs itself who holds what: a listener that is inherited, a connection shared with a child and by SCM_RIGHTS;
# and some of them close it.
for backend in $backends; do
	ok "$backend: nobody is named who does not hold it" env PIDTAP_BACKENDS="$backend" PIDTAP_TEST_CACHE="$cache" \
		"$top/tests/matrix/run" --keep "$work/$backend" tcp-holders
	# looking takes a part of the CPU at most: too little in an emulated machine for so many sockets
	[ -z "${PIDTAP_VM:-}" ] || continue
	read -r all shared < <(sed -nE 's/^score .* shared=([0-9]+)\/([0-9]+) .*/\1 \2/p' "$work/$backend/tcp-holders/score")
	is "$backend: all who do are, in every packet" "${all:-none}" "${shared:-some}"
	ok "$backend: and in many" test "${shared:-0}" -ge 36
done
done_testing
