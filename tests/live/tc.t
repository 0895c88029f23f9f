#!/bin/bash
# What hangs on an interface is left as it was: a clsact of others, their filters, an ingress qdisc; nothing of ours stays.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
backend=${backends%% *}

# An interface where other filters can send copies, to count what they see.
ip link add sink0 netns "$ns_prefix-a" type veth peer name sink0 netns "$ns_prefix-b"
in_ns a ip link set sink0 up
# nothing but the exchanges and their ARP: the other filters count from before our start to after our end
for ns in a b; do
	in_ns $ns sh -c 'echo 1 >/proc/sys/net/ipv6/conf/veth0/disable_ipv6'
done

tc_a()
{
	in_ns a tc "$@"
}

qdiscs()
{
	tc_a qdisc show dev veth0 | grep -E 'clsact|ingress'
}

filters()
{
	tc_a filter show dev veth0 ingress
	tc_a filter show dev veth0 egress 2>/dev/null
}

our_filters()
{
	filters | grep -c pidtap/
}

# foreign_filter ingress|egress PRIO: matches everything, and ends the walk through the filters
foreign_filter()
{
	tc_a filter add dev veth0 "$1" protocol all prio "$2" bpf bytecode '1,6 0 0 4294967295,' \
		action mirred egress mirror dev sink0
}

# Not with segmentation offload: it counts segments.
foreign_saw()
{
	tc_a -s filter show dev veth0 "$1" | sed -n 's/.*Sent [0-9]* bytes \([0-9]*\) pkt.*/\1/p'
}

captured()
{
	grep -c ", $1) " "$work/text"
}

tap_start a --backend "$backend" -i veth0
is "bare interface: listens" $? 0
like "bare interface: a clsact is made" "$(qdiscs)" clsact
is "bare interface: one filter each way" "$(our_filters)" 2
tap_stop
is "bare interface: no qdisc is left" "$(qdiscs)" ""

tc_a qdisc add dev veth0 clsact
tap_start a --backend "$backend" -i veth0
tap_stop
like "a clsact of others stays" "$(qdiscs)" clsact
is "and nothing of ours on it" "$(filters)" ""

for prio in 1 10; do
	truth_clear
	foreign_filter ingress $prio
	foreign_filter egress $prio
	before=$(filters)
	tap_start a --backend "$backend" -i veth0
	is "other filters, priority $prio: listens" $? 0
	ok "other filters, priority $prio: traffic" exchange a b tcp 10.98.0.1 --bytes 1000
	tap_stop
	ok "other filters, priority $prio: every packet names its process" judge
	# they are there before and after pidtap: the kernel may send a packet of its own meanwhile
	ok "other filters, priority $prio: saw every packet coming in" test "$(foreign_saw ingress)" -ge "$(captured in)"
	ok "other filters, priority $prio: saw every packet going out" test "$(foreign_saw egress)" -ge "$(captured out)"
	is "other filters, priority $prio: are as they were" "$(filters)" "$before"
	tc_a filter delete dev veth0 ingress
	tc_a filter delete dev veth0 egress
done
tc_a qdisc delete dev veth0 clsact

tap_start a --backend "$backend" -i veth0
foreign_filter ingress 10
tap_stop
like "a clsact of ours that others hang filters on by then stays" "$(qdiscs)" clsact
is "with their filter" "$(filters | grep -c mirred)" 1
is "and none of ours" "$(our_filters)" 0
tc_a qdisc delete dev veth0 clsact

# a priority holds one kind of filter only, and there is none before the first
tc_a qdisc add dev veth0 clsact
tc_a filter add dev veth0 ingress protocol all prio 1 u32 match u32 0 0
tap_start a --backend "$backend" -i veth0 >/dev/null
ok "a filter of another kind at priority 1: a line says so" grep -q '^pidtap: .*veth0.*priority 1' "$work/err"
[ -z "$tap_pid" ] || tap_stop
tc_a qdisc delete dev veth0 clsact

truth_clear
tc_a qdisc add dev veth0 ingress
tap_start a --backend "$backend" -i veth0
is "an ingress qdisc in the way: listens" $? 0
ok "an ingress qdisc in the way: a line says what is missing" grep -q '^pidtap: .*veth0.*ingress.*' "$work/err"
ok "an ingress qdisc in the way: traffic" exchange a b udp 10.98.0.1
tap_stop
is "an ingress qdisc in the way: what comes in is captured" "$(captured in)" 1
is "an ingress qdisc in the way: nothing going out" "$(captured out)" 0
like "an ingress qdisc in the way: it stays" "$(qdiscs)" 'qdisc ingress'
is "an ingress qdisc in the way: nothing of ours on it" "$(our_filters)" 0
tc_a qdisc delete dev veth0 ingress

tap_start a --backend "$backend" -i veth0
kill -KILL "$tap_pid"
tap_wait
is "killed: its filters are still there" "$(our_filters)" 2
tap_start a --backend "$backend" -i veth0
is "the next start: listens" $? 0
is "the next start: only its own filters are there" "$(our_filters)" 2
tap_stop
is "the next start: nothing is left" "$(qdiscs)" ""

tap_start a --backend "$backend" -i veth0
first=$tap_pid
mv "$work/err" "$work/first"
tap_start a --backend "$backend" -i veth0
is "two at once: both attached" "$(our_filters)" 4
tap_stop
is "two at once: the other's filters stay" "$(our_filters)" 2
no "two at once: and it takes the end of the one for no removal" grep -q 'another program' "$work/first"
tap_pid=$first
ok "two at once: and it runs" tap_runs
tap_stop
is "two at once: the last one out leaves nothing" "$(qdiscs)" ""

# A container on the host's network has pids of its own: they say nothing about ours.
tap_start a --backend "$backend" -i veth0
ok "another pid namespace: a second pidtap" in_ns a unshare --pid --fork --mount-proc \
	"$pidtap" --cache-dir "$cache" --backend "$backend" -i veth0 --duration 0.2
is "another pid namespace: it leaves the filters of the first alone" "$(our_filters)" 2
tap_stop
is "another pid namespace: nothing is left" "$(qdiscs)" ""

again()
{
	grep -c '^pidtap: warning: another program removed the filter from veth0: attached again' "$work/err"
}

# is_again N: it said so N times, and both filters are there
is_again()
{
	[ "$(again)" = "$1" ] && [ "$(our_filters)" = 2 ]
}

tap_start a --backend "$backend" -i veth0
tc_a filter delete dev veth0 egress
ok "another removes a filter: it is attached again, with a line" wait_until 20 is_again 1
truth_clear
ok "another removes a filter: traffic after that" exchange a b tcp 10.98.0.1
tc_a qdisc delete dev veth0 clsact
ok "another removes the qdisc: likewise" wait_until 20 is_again 2
foreign_filter ingress 10
tc_a filter delete dev veth0 ingress prio 10
ok "another removes a filter of its own: traffic after that" exchange a b tcp 10.98.0.1
is "another removes a filter of its own: nothing is said" "$(again)" 2
tap_stop
ok "removed and attached again: every packet of the exchanges names its process" judge
is "removed and attached again: status" "$tap_status" 0
is "removed and attached again: nothing is left" "$(qdiscs)" ""

# removed_thrice: takes the filter off as often as it is seen, until that was said three times
removed_thrice()
{
	tc_a filter delete dev veth0 ingress 2>/dev/null
	[ "$(again)" -ge 3 ]
}

tap_start a --backend "$backend" -i veth0
begun=$EPOCHREALTIME
ok "a fight: the filter comes again and again" wait_until 60 removed_thrice
ended=$EPOCHREALTIME
ok "a fight: but once a second at most" test "$((${ended/./} - ${begun/./}))" -ge 1900000
tap_stop
is "a fight: status" "$tap_status" 0
is "a fight: nothing is left" "$(qdiscs)" ""

# renewed_by_another: three times, in two commands, as scripts do
renewed_by_another()
{
	local n
	for n in 0 1 2; do
		wait_until 20 is_again "$n" && tc_a qdisc delete dev veth0 clsact && tc_a qdisc add dev veth0 clsact || return
	done
	wait_until 20 is_again 3
}

tap_start a --backend "$backend" -i veth0
ok "another renews the qdisc: ours is never in its place" renewed_by_another
tap_stop
is "another renews the qdisc: status" "$tap_status" 0
tc_a qdisc delete dev veth0 clsact

# Its second attempt waits for a second: the other's qdisc is there before.
tap_start a --backend "$backend" -i veth0
tc_a qdisc delete dev veth0 clsact
wait_until 20 is_again 1
printf 'qdisc %s dev veth0 clsact\n' delete add | tc_a -batch -
ok "another's qdisc in place of ours: it is used" wait_until 20 is_again 2
tap_stop
like "another's qdisc in place of ours: it stays" "$(qdiscs)" clsact
is "another's qdisc in place of ours: and nothing of ours on it" "$(our_filters)" 0
tc_a qdisc delete dev veth0 clsact
done_testing
