#!/bin/bash
# --netns: other network namespaces are captured, too, by name, by path or all, as they come and go; each packet still names its
# process, and none is kept alive.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark setpriv
b=$ns_prefix-b
c=$ns_prefix-c

# seen_in NETNS: what was captured there, as outputs call it; "" is our own
seen_in()
{
	if [ -n "$1" ]; then
		grep -F " ($1/" "$work/text"
	else
		grep -E '^[^ ]* \([^/,]*,' "$work/text"
	fi
}

# judge_in NETNS INODE: whether every packet captured there names its process
judge_in()
{
	seen_in "$1" >"$work/seen"
	"$top/tests/judge" --netns "$2" --truth "$truth" "$work/seen"
}

filters_in()
{
	in_ns "$1" tc filter show dev "$2" ingress 2>/dev/null
}

# is_captured NS DEVICE
is_captured()
{
	filters_in "$1" "$2" | grep -q pidtap/
}

is_not_captured()
{
	! is_captured "$@"
}

# A third namespace: a 10.97.0.1 -- 10.97.0.2 c, on joint0. The device in a is there as long as the namespace is.
add_c()
{
	netns_add c && ip link add joint0 netns "$ns_prefix-a" type veth peer name joint0 netns "$c" &&
		in_ns a ip address add 10.97.0.1/24 dev joint0 && in_ns c ip address add 10.97.0.2/24 dev joint0 &&
		in_ns a ip link set joint0 up && in_ns c ip link set joint0 up
}

delete_c()
{
	ip netns delete "$c"
}

c_is_gone()
{
	! in_ns a ip link show dev joint0 >/dev/null 2>&1
}

# A namespace without a name, kept by one process; sets $holder and its number, $anonymous. joint0 as above.
add_anonymous()
{
	unshare --net sleep 1000 >/dev/null 2>&1 &
	holder=$!
	disown
	wait_until 5 has_own_netns &&
		anonymous=$(stat -L -c %i "/proc/$holder/ns/net") &&
		ip link add joint0 netns "$ns_prefix-a" type veth peer name joint0 netns "$holder" &&
		in_ns a ip link set joint0 up &&
		nsenter --net="/proc/$holder/ns/net" sh -c 'ip link set lo up; ip link set joint0 up'
}

has_own_netns()
{
	[ "$(readlink "/proc/$holder/ns/net")" != "$(readlink /proc/self/ns/net)" ] && [ "$(cat "/proc/$holder/comm")" = sleep ]
}

# ping_in_anonymous: sets $ping_pid
ping_in_anonymous()
{
	nsenter --net="/proc/$holder/ns/net" ping -n -q -c 1 127.0.0.1 >/dev/null &
	ping_pid=$!
	wait $ping_pid
}

anonymous_has_filters()
{
	nsenter --net="/proc/$holder/ns/net" tc filter show dev lo ingress 2>/dev/null | grep -q pidtap/
}

says()
{
	grep -qE "^pidtap: $1" "$work/err"
}

is_said()
{
	wait_until 5 says "$1"
}

for backend in $backends; do
	# ---- by name ----
	truth_clear
	tap_start a --backend "$backend" -i any --netns "$b" -w "$work/named.pcapng" --print
	is "$backend, by name: listens" $? 0
	ok "$backend, by name: traffic between" exchange a b tcp 10.98.0.1
	ok "$backend, by name: traffic within" exchange b b udp 10.98.0.2
	ok "$backend, by name: and in our own" exchange a a tcp ::1
	tap_stop
	is "$backend, by name: status" "$tap_status" 0
	ok "$backend, by name: every packet in our own names its process" judge_in '' "$(netns_inode a)"
	ok "$backend, by name: every packet in the other, too" judge_in "$b" "$(netns_inode b)"
	ok "$backend, by name: a valid file" file_is_valid "$work/named.pcapng"
	is "$backend, by name: interfaces of one index are two" \
		"$(fields "$work/named.pcapng" frame.interface_name | sort -u | xargs)" "$(xargs -n 1 <<<"$b/lo $b/veth0 lo veth0" | sort | xargs)"
	ok "$backend, by name: nothing of ours stays there" is_not_captured b veth0

	# ---- -i ----
	tap_start a --backend "$backend" -i lo --netns "$b"
	is "$backend, an interface: listens" $? 0
	ok "$backend, an interface: in our own" is_captured a lo
	ok "$backend, an interface: and in the other" is_captured b lo
	no "$backend, an interface: no other one" is_captured b veth0
	tap_stop
	tap_start a --backend "$backend" -i "$b/veth0" --netns "$b"
	is "$backend, an interface of one: listens" $? 0
	ok "$backend, an interface of one: there" is_captured b veth0
	no "$backend, an interface of one: not here" is_captured a veth0
	tap_stop
	tap_run a --backend "$backend" -i "$b/nosuch0" --netns "$b"
	is "$backend, an interface that is not there: status" "$tap_status" 1
	like "$backend, an interface that is not there: those that are" "$(tap_says)" "^pidtap: .*: $b/nosuch0 \(.*lo, .*$b/veth0"

	# ---- by path ----
	add_anonymous
	is "$backend, by path: a namespace without a name" $? 0
	tap_start a --backend "$backend" -i any --netns "/proc/$holder/ns/net" --netns "$(ns_path b)" -v
	is "$backend, by path: listens" $? 0
	ok "$backend, by path: one that has a name has it" says "network namespace $b: 2 interfaces"
	ping_in_anonymous
	is "$backend, by path: traffic" $? 0
	kill "$holder"
	ok "$backend, by path: its last process is gone" is_said "network namespace net:$anonymous vanished"
	ok "$backend, by path: it is not kept alive" wait_until 5 c_is_gone
	ok "$backend, by path: the capture goes on" tap_runs
	tap_stop
	is "$backend, by path: its end is status 1" "$tap_status" 1
	like "$backend, by path: called by its number" "$(grep -m 1 '/lo, proc ping' "$work/text")" \
		" \(net:$anonymous/lo, proc ping:$ping_pid, uid 0, out, attr=icmp\)"

	# ---- none but our own ----
	add_anonymous
	is "$backend, own: a namespace without a name" $? 0
	tap_start a --backend "$backend" -i any
	is "$backend, own: listens" $? 0
	no "$backend, own: that one is not captured" anonymous_has_filters
	kill "$holder"
	ok "$backend, own: it is not kept alive" wait_until 5 c_is_gone
	add_anonymous
	is "$backend, own: a new one" $? 0
	ping_in_anonymous
	kill "$holder"
	ok "$backend, own: one that it knows by a socket is not kept alive" wait_until 5 c_is_gone
	add_c
	ok "$backend, own: nor is one with a name" delete_c
	ok "$backend, own: when that is deleted" wait_until 5 c_is_gone
	tap_stop
	is "$backend, own: that they went is no error" "$tap_status" 0

	# ---- all ----
	truth_clear
	add_anonymous
	is "$backend, all: a namespace without a name" $? 0
	tap_start a --backend "$backend" -i any --netns all
	is "$backend, all: listens" $? 0
	ok "$backend, all: that one is captured" anonymous_has_filters
	kill "$holder"
	ok "$backend, all: it is not kept alive" wait_until 5 c_is_gone
	ok "$backend, all: a new one with a name" add_c
	c_inode=$(netns_inode c)
	ok "$backend, all: it is taken in" wait_until 5 is_captured c joint0
	ok "$backend, all: traffic with it" exchange a c tcp 10.97.0.1
	ok "$backend, all: it is deleted" delete_c
	ok "$backend, all: it is not kept alive" wait_until 5 c_is_gone
	add_anonymous
	is "$backend, all: a new one without a name" $? 0
	ok "$backend, all: it is taken in" wait_until 5 anonymous_has_filters
	kill "$holder"
	tap_stop
	is "$backend, all: that some went is no error" "$tap_status" 0
	ok "$backend, all: every packet of our own names its process" judge_in '' "$(netns_inode a)"
	ok "$backend, all: every packet of the one that came and went, too" judge_in "$c" "$c_inode"
	ok "$backend, all: nothing of ours stays" is_not_captured b veth0
	ok "$backend, all: the last one ends" wait_until 5 c_is_gone

	# ---- one that vanishes, and comes again ----
	add_c
	tap_start a --backend "$backend" -i veth0 -i joint0 --netns "$c"
	is "$backend, a name that goes: listens" $? 0
	delete_c
	ok "$backend, a name that goes: a line names it" is_said "network namespace $c vanished"
	ok "$backend, a name that goes: it is not kept alive" wait_until 5 c_is_gone
	add_c
	ok "$backend, a name that comes again: is captured again" wait_until 5 is_captured c joint0
	tap_stop
	is "$backend, a name that went: status 1" "$tap_status" 1
	tap_start a --backend "$backend" -i "$c/any" --netns "$c"
	is "$backend, the only one: listens" $? 0
	delete_c
	tap_wait
	is "$backend, the only one that is captured goes: so do we" "$tap_status" 1

	# ---- killed ----
	tap_start a --backend "$backend" -i any --netns "$b"
	kill -KILL "$tap_pid"
	tap_wait
	is "$backend, killed: its filters are still there" "$(filters_in b veth0 | grep -c pidtap/)" 1
	tap_start a --backend "$backend" -i any --netns "$b"
	is "$backend, killed: the next start with the same namespace leaves only its own" "$(filters_in b veth0 | grep -c pidtap/)" 1
	tap_stop
	is "$backend, killed: nothing is left" "$(in_ns b tc qdisc show dev veth0 | grep -c clsact)" 0
done

# ---- what is none, or must not be entered ----

# refused "what" PATTERN OPTIONS...
refused()
{
	local what=$1 pattern=$2
	shift 2
	tap_run a "$@"
	is "$what: status" "$tap_status" 1
	like "$what: the line" "$(cat "$work/err")" "^pidtap: --netns $pattern"
}

refused "no such name" 'nosuch: no such .*ip netns' --netns nosuch
refused "no such file" '/nosuch/net: No such' --netns /nosuch/net
refused "no namespace" "$work/err: is no network namespace" --netns "$work/err"
refused "a namespace of another kind" '/proc/self/ns/uts: is no network namespace' --netns /proc/self/ns/uts
tap_prefix="setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin" \
	refused "no CAP_SYS_ADMIN" "$b: .*CAP_SYS_ADMIN" --netns "$b"
done_testing
