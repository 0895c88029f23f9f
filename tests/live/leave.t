#!/bin/bash
# Datagram sockets whose process dies without closing them: they are its child's where that has them, else nobody's, and what comes to
# the port goes to the next who binds it.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

readonly port=7920

# gets PATTERN: sends a datagram to the port, each of a length of its own: is it said to be for "COMM:PID", or "?"?
gets()
{
	local length
	echo >>"$work/sent" # a file: conditions are tried in subshells
	length=$((100 + $(wc -l <"$work/sent")))
	in_ns a perl -MSocket=:all -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
		defined(send($s, "x" x $ARGV[1], 0, pack_sockaddr_in($ARGV[0], INADDR_LOOPBACK))) or die "send: $!"' "$port" "$length"
	wait_until 5 grep -q " in) .*> 127\.0\.0\.1\.$port: UDP, length $length\$" "$work/text"
	who=$(sed -nE "s/.*proc ([^,]*),.* in\) .*> 127\.0\.0\.1\.$port: UDP, length $length\$/\1/p" "$work/text")
	# shellcheck disable=SC2053 # a pattern
	[[ $who = $1 ]]
}

pid_of()
{
	sed -n "s/^$1 //p" "$work/pids"
}

# Of all that came to the port, what names neither of the two that had it.
of_others()
{
	grep " in) .*> 127\.0\.0\.1\.$port: UDP" "$work/text" |
		grep -vcE "proc (\?|[^,]*:($(pid_of owner)|$(pid_of child))),"
}

for backend in $backends; do
	for heir in child none next; do
		tap_start a --backend "$backend" -i lo
		is "$backend, heir $heir: listens" $? 0
		mkfifo "$work/leash"
		in_ns a "$top/tests/live/leave-socket" $port $heir <"$work/leash" >"$work/pids" 2>"$work/perl" &
		exec {leash}>"$work/leash"
		ok "$backend, heir $heir: a process dies" wait_until 20 grep -q owner "$work/pids"
		if [ $heir = none ]; then
			ok "$backend: nobody gets what comes" wait_until 20 gets '\?'
		else
			ok "$backend, heir $heir: it gets what comes" wait_until 20 gets "*:$(pid_of child)"
			no "$backend, heir $heir: the dead process does not" gets "*:$(pid_of owner)"
		fi
		is "$backend, heir $heir: no other process is named" "$(of_others)" 0
		[ $heir != next ] || is "$backend: the next is named at once" "$(grep -c " in) .*$port: UDP" "$work/text")" 2
		exec {leash}>&-
		rm "$work/leash"
		tap_stop
	done
done
done_testing
