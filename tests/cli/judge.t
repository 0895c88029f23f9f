#!/bin/bash
# tests/judge can fail: on a wrong owner, a missing one, an empty capture, missing bytes.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/truth" <<'END'
role=tcp-listen pid=10 tid=10 uid=0 netns=7 comm=server proto=tcp laddr=:: lport=80 raddr=any rport=0
role=tcp-client pid=20 tid=20 uid=1000 netns=7 comm=the\x20client proto=tcp laddr=10.0.0.1 lport=5000 raddr=10.0.0.1 rport=80
role=tcp-accepted pid=10 tid=10 uid=0 netns=7 comm=server proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.1 rport=5000
role=tcp-client pid=20 tid=20 uid=1000 netns=7 comm=the\x20client proto=tcp laddr=10.0.0.1 lport=5000 raddr=10.0.0.1 rport=80 tx=5 rx=0
role=udp-server pid=30 tid=30 uid=0 netns=7 comm=dns proto=udp laddr=fd00::1 lport=53 raddr=any rport=0 v6only=1 tx=4 rx=6
role=ping pid=40 tid=40 uid=0 netns=7 comm=ping proto=icmp laddr=any lport=any raddr=10.0.0.2 rport=any
role=udp-client pid=99 tid=99 uid=0 netns=8 comm=elsewhere proto=udp laddr=10.0.0.9 lport=1 raddr=any rport=0
END

cat >"$work/text" <<'END'
10:00:00.000001 (lo, proc the client:20, uid 1000, out) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.000002 (lo, proc server:10, uid 0, in) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.000003 (lo, proc server:10, uid 0, out) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [S.], seq 1, ack 1, length 0
10:00:00.000004 (lo, proc the client:20, uid 1000, in) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [S.], seq 1, ack 1, length 0
10:00:00.000005 (lo, proc the client:20, uid 1000, out) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [P.], seq 1:6, length 5
10:00:00.000006 (lo, proc server:10, uid 0, in) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [P.], seq 1:6, length 5
10:00:00.000007 (v0, proc dns:30, uid 0, in) IP6 fd00::2.999 > fd00::1.53: UDP, length 3
10:00:00.000008 (v0, proc dns:30, uid 0, out) IP6 fd00::1.53 > fd00::2.999: UDP, length 4
10:00:00.000009 (v0, proc ping:40, uid 0, out) IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64
10:00:00.000010 (v0, proc ping:40, uid 0, in) IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 64
10:00:00.000011 (v0, proc ?, in) IP 10.0.0.2 > 10.0.0.1: ICMP echo request, id 9, seq 1, length 64
10:00:00.000012 (v0, proc ?, out) IP 10.0.0.1 > 10.0.0.2: ICMP echo reply, id 9, seq 1, length 64
10:00:00.000013 (v0, proc ?, out) ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28
10:00:00.000014 (v0, proc ?, out) IP6 fe80::1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00::2, length 32
10:00:00.000014 (v0, proc ?, out) IP6 :: > ff02::16: HBH ICMP6, multicast listener report v2, 1 group record(s), length 28
10:00:00.000015 (v0, proc dns:30, uid 0, in, attr=port tid=31 tcomm="a) \"b") IP6 (hlim 64, payload length 24) fd00::2 > fd00::1: HBH DSTOPT 999 > 53: UDP, length 3
10:00:00.000016 (v0, proc ?, in) IP6 10.0.0.2 > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has fd00::1, length 32
END

# judged WITH-SED-COMMAND [JUDGE-OPTION...]: the last lines of what judge says about the changed text
judged()
{
	local change=$1
	shift
	sed -E "$change" "$work/text" >"$work/changed"
	tests/judge --netns 7 --truth "$work/truth" "$@" "$work/changed" 2>&1 | grep '^judge: '
	return "${PIPESTATUS[1]}"
}

# fails "what" SED WANTED-LINE [JUDGE-OPTION...]
fails()
{
	local what=$1 change=$2 want=$3 got status=0
	shift 3
	got=$(judged "$change" "$@") || status=$?
	[ "$status" != 0 ] || got="exit 0, and: $got"
	like "$what" "$got" "$want"
}

ok "a right capture passes" judged ''
is "its counts" "$(judged '')" "judge: packets=17 right=11 none=0 wrong=0 kernel=6 unexplained=0"

fails "another process" '5s/the client:20/server:10/' 'wrong: 10:00:00.000005'
fails "the other end's process on the way in" '2s/server:10, uid 0/the client:20, uid 1000/' 'wrong=1'
fails "another name" '6s/server:/serve:/' 'wrong=1'
fails "another uid" '6s/uid 0/uid 1/' 'wrong=1'
fails "a process where only the kernel acts" '12s/proc \?/proc ping:40, uid 0/' 'wrong=1'
fails "another process behind extension headers" '16s/dns:30/dns:31/' 'wrong=1'
fails "a process on ARP" '13s/proc \?/proc ping:40, uid 0/' 'wrong=1'
fails "data without an owner" '5s/proc the client:20, uid 1000/proc ?/' 'none: 10:00:00.000005' --max-none 9
fails "a handshake without an owner" '1s/proc the client:20, uid 1000/proc ?/' 'more than 0 without an owner: 1'
ok "a handshake without an owner, allowed" judged '1s/proc the client:20, uid 1000/proc ?/' --max-none 1
fails "a packet nothing explains" '13s/ARP.*/IP 10.0.0.1.7 > 10.0.0.2.8: UDP, length 1/' 'unexplained=1'
fails "an empty capture" 'd' 'no packet at all'
fails "a flow that was not captured" '7,8d;16d' 'not captured: udp-server 30'
fails "bytes that are missing" '5d' 'incomplete: tcp-client 20 .*: 0 of 5 bytes out'
ok "bytes that are missing, with --partial" judged '5d' --partial
fails "text that is no packet line" '1s/^/x/' 'not a packet line'
done_testing
