#!/bin/bash
# tests/matrix/score can fail: each of its rules, by a log and lines written by hand. Time 0 of the log is 10:00:00.
# shellcheck disable=SC2016 # sed's $
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
day=1700006400 # 2023-11-15 00:00 UTC
start=$((day + 36000))

# truth: lines "MILLISECONDS EVENT PID COMM key=value..."; a uid other than 0 by uid= among them
truth()
{
	awk -v start=$start '{
		uid = match($0, /uid=[0-9]+/) ? "" : "uid=0 "
		tid = match($0, /tid=[0-9]+/) ? "" : "tid=" $3 " "
		printf "t=%d%09d %s pid=%s comm=%s %s%s", start + int($1 / 1000), $1 % 1000 * 1000000, $2, $3, $4, uid, tid
		for (i = 5; i <= NF; i++) printf " %s", $i
		print ""
	}' >"$work/truth"
}

# score SED [OPTION...]: the scorer's last line, for the text changed so
score()
{
	local change=$1
	shift
	sed -E "$change" "$work/text" >"$work/changed"
	tests/matrix/score --netns 7 --since "${start}000000000" --truth "$work/truth" "$@" "$work/changed" 2>&1 | tee "$work/out" |
		grep '^score name=' || tail -n 1 "$work/out"
}

# verdict "what" SED WANT [OPTION...]: WANT is a pattern of the last line
verdict()
{
	local what=$1 change=$2 want=$3
	shift 3
	like "$what" "$(score "$change" "$@")" "$want"
}

# ---- one connection on loopback; the server's name is of a thread pool, the client changes its uid ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
0 addr 1 x netns=8 addr=10.0.0.9
10 sock 10 server ino=100 netns=7 proto=tcp laddr=:: lport=80 raddr=any rport=0 listen=1
20 sock 20 the\x20client ino=200 netns=7 proto=tcp laddr=10.0.0.1 lport=5000 raddr=10.0.0.1 rport=80
30 sock 10 server ino=101 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.1 rport=5000
30 from 10 server ino=101 listener=100
31 hold 11 child ino=101
40 act 20 the\x20client ino=200 len=5 tid=21
41 got 10 server ino=101 len=5
45 self 20 the\x20client uid=1000
50 act 11 child ino=101 len=3
51 got 20 the\x20client ino=200 len=3 uid=1000
60 drop 11 child ino=101
61 drop 10 server ino=101
62 drop 20 the\x20client ino=200 uid=1000
END
cat >"$work/text" <<'END'
10:00:00.021000 (lo, proc the client:20, uid 0, out, attr=exact) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.021001 (lo, proc server:10, uid 0, in, attr=listener) IP 10.0.0.1.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.021002 (lo, proc server:10, uid 0, out, attr=listener) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [S.], seq 1, ack 2, length 0
10:00:00.021003 (lo, proc the client:20, uid 0, in, attr=exact) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [S.], seq 1, ack 2, length 0
10:00:00.040100 (lo, proc the client:20, uid 0, out, attr=exact tid=21 tcomm="t a)") IP (ttl 64, length 45) 10.0.0.1.5000 > 10.0.0.1.80: Flags [P.], seq 1:6, length 5
10:00:00.040101 (lo, proc child:11, uid 0, in, attr=exact) IP (ttl 64, length 45) 10.0.0.1.5000 > 10.0.0.1.80: Flags [P.], seq 1:6, length 5
10:00:00.050100 (lo, proc child:11, uid 0, out, attr=exact) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [P.], seq 1:4, length 3
10:00:00.050101 (lo, proc the client:20, uid 1000, in, attr=exact) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [P.], seq 1:4, length 3
10:00:00.070000 (lo, proc server:10, uid 0, out, attr=exact) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [F.], seq 4, length 0
10:00:00.070001 (lo, proc the client:20, uid 1000, in, attr=exact) IP 10.0.0.1.80 > 10.0.0.1.5000: Flags [F.], seq 4, length 0
10:00:00.080000 (v0, proc ?, out, attr=none) ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28
10:00:00.080001 (v0, proc ?, in, attr=none) IP 10.0.0.2.9 > 10.0.0.1.81: Flags [S], seq 7, win 10, length 0
10:00:00.080002 (v0, proc ?, out, attr=none) IP 10.0.0.1.81 > 10.0.0.2.9: Flags [R.], seq 0, ack 8, length 0
END

is "a right capture" "$(score '' --name x)" \
	"score name=x packets=13 right=13 none=0 wrong=0 shared=0/0 kinds=exact:8,listener:2,none:3 reasons=- good=1"
verdict "another process" '1s/the client:20/server:10/' 'wrong=1 .*good=0'
verdict "the other end's on the way in" '2s/server:10/the client:20/' 'wrong=1'
verdict "another name" '4s/the client/client/' 'wrong=1'
verdict "with a holder that holds it" '6s/attr=exact/& holders=10,11/' 'wrong=0 .*good=1'
verdict "with one that does not" '6s/attr=exact/& holders=10,20/' 'wrong=1 .*good=0'
verdict "with one of whom nothing is known" '5s/ a\)"/& holders=20,99/' 'wrong=1 .*good=0'
verdict "another uid" '1s/uid 0/uid 1/' 'wrong=1'
verdict "a uid it has not got yet" '1s/uid 0/uid 1000/' 'wrong=1'
verdict "the uid it had when it acted last" '8s/uid 1000/uid 0/' 'wrong=0 .*good=1'
verdict "data, by a holder that did not send" '7s/child:11/server:10/' 'wrong=1'
verdict "data, by another thread" '5s/tid=21/tid=22/' 'wrong=1'
verdict "no data, by any holder" '6s/child:11/server:10/' 'wrong=0 .*good=1'
verdict "before accept, by one that did not hold the listener" '2s/server:10/child:11/' 'wrong=1'
verdict "after the close, by the last but one" '9s/server:10/child:11/' 'wrong=1'
verdict "nobody, where somebody is" '4s/proc the client:20, uid 0/proc ?/' 'right=12 none=1 wrong=0 .*good=0'
verdict "somebody on ARP" '11s/proc \?/proc server:10, uid 0/' 'wrong=1'
verdict "somebody on a closed port" '12s/proc \?/proc server:10, uid 0/' 'wrong=1'
verdict "somebody on its reset" '13s/proc \?/proc server:10, uid 0/' 'wrong=1'
verdict "bytes that are missing" '7,8d' 'wrong=0 .*good=0'
verdict "a flow that was not captured" '1,10d' 'wrong=0 .*good=0'
verdict "nothing at all" d 'packets=0 .*good=0'
verdict "what is no packet line" '1s/^/x/' 'not a packet line'

# ---- a connection that two processes hold for a second, then one ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
10 sock 10 server ino=101 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.2 rport=5000
100 hold 11 child ino=101
1100 drop 10 server ino=101
END
cat >"$work/text" <<'END'
10:00:00.200000 (v0, proc server:10, uid 0, in, attr=exact holders=10,11) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [.], ack 1, length 0
10:00:00.300000 (v0, proc child:11, uid 0, in, attr=exact holders=10,11) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [.], ack 1, length 0
10:00:01.000000 (v0, proc child:11, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [.], ack 1, length 0
10:00:01.200000 (v0, proc child:11, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [.], ack 1, length 0
END
verdict "all holders are named where there are several for long enough" '' 'right=4 .*shared=2/2 .*good=1'
verdict "not all are" '1s/ holders=10,11//' 'right=4 .*shared=1/2 .*good=1'
verdict "one that holds it no more" '4s/exact/& holders=10,11/' 'wrong=1 .*shared=2/2 .*good=0'

# ---- one tuple twice; the second is accepted late, by another process ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
10 sock 9 parent ino=100 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
11 hold 10 one ino=100
12 hold 11 two ino=100
30 sock 10 one ino=101 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.2 rport=5000
30 from 10 one ino=101 listener=100
40 drop 10 one ino=101
40 drop 10 one ino=100
90 sock 11 two ino=102 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.2 rport=5000
90 from 11 two ino=102 listener=100
END
cat >"$work/text" <<'END'
10:00:00.021000 (v0, proc one:10, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.035000 (v0, proc one:10, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [R], seq 2, length 0
10:00:00.050000 (v0, proc two:11, uid 0, in, attr=listener) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [S], seq 900, win 10, length 0
10:00:00.050100 (v0, proc parent:9, uid 0, out, attr=listener) IP 10.0.0.1.80 > 10.0.0.2.5000: Flags [S.], seq 1, ack 901, length 0
10:00:00.095000 (v0, proc two:11, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [F.], seq 901, length 0
END
verdict "a tuple used again" '' 'right=5 none=0 wrong=0 .*good=1'
verdict "the first owner on the second connection's handshake" '3s/two:11/one:10/' 'wrong=1'
verdict "the first owner after it" '5s/two:11/one:10/' 'wrong=1'
verdict "the second owner on the first connection" '2s/one:10/two:11/' 'wrong=1'

# ---- a connection older than the capture, accepted since ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
1 sock 9 parent ino=100 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
90 sock 11 two ino=102 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.2 rport=5000
90 from 11 two ino=102 listener=100
END
cat >"$work/text" <<'END'
10:00:00.050000 (v0, proc parent:9, uid 0, in, attr=seed) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [.], ack 1, length 0
10:00:00.095000 (v0, proc two:11, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [F.], seq 901, length 0
END
verdict "before the accept it is the listener's" '' 'right=2 none=0 wrong=0 .*good=1'
verdict "and not of who will accept" '1s/parent:9/two:11/' 'wrong=1'
verdict "afterwards it is not the listener's" '2s/two:11/parent:9/' 'wrong=1'

# ---- a connection older than the capture, that nobody accepted; its reset is on the way when the listener closes ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
0 sock 9 parent ino=100 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
50 drop 9 parent ino=100
60 sock 9 parent ino=101 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
70 drop 9 parent ino=101
END
cat >"$work/text" <<'END'
10:00:00.055000 (v0, proc parent:9, uid 0, in, attr=seed) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [R.], seq 1, ack 1, length 0
10:00:00.065000 (v0, proc parent:9, uid 0, in, attr=listener) IP 10.0.0.2.5001 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.075000 (v0, proc parent:9, uid 0, in, attr=listener) IP 10.0.0.2.5001 > 10.0.0.1.80: Flags [R], seq 2, length 0
END
verdict "the last listener's" '' 'right=3 none=0 wrong=0 .*good=1'
verdict "nobody else's" '1s/parent:9/two:11/' 'wrong=1'
verdict "a SYN of after it is nobody's" '$s/\[R\]/[S]/' 'wrong=1'

# ---- SO_REUSEPORT: two listeners, one is chosen and accepts late ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
10 sock 10 one ino=100 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
11 sock 11 two ino=101 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=any rport=0 listen=1
90 sock 11 two ino=102 netns=7 proto=tcp laddr=10.0.0.1 lport=80 raddr=10.0.0.2 rport=5000
90 from 11 two ino=102 listener=101
END
cat >"$work/text" <<'END'
10:00:00.021000 (v0, proc ?, in, attr=none) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [S], seq 1, win 10, length 0
10:00:00.095000 (v0, proc two:11, uid 0, in, attr=exact) IP 10.0.0.2.5000 > 10.0.0.1.80: Flags [F.], seq 2, length 0
END
verdict "an ambiguous handshake" '' 'right=1 none=1 wrong=0 .*reasons=reuseport:1 good=1'
verdict "the kprobe back-end has no excuse" '' 'none=1 .*reasons=- good=0' --backend kprobe
verdict "nor has what comes after accept" '2s/proc two:11, uid 0/proc ?/' 'none=2 .*reasons=reuseport:1 good=0'
verdict "the other listener" '1s/proc \?/proc one:10, uid 0/' 'wrong=1'

# ---- UDP: one port by two processes on two addresses, one connected; over midnight ----
start=$((day + 86399))
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
0 addr 1 x netns=7 addr=10.0.0.3
10 sock 10 one ino=100 netns=7 proto=udp laddr=10.0.0.1 lport=53 raddr=any rport=0
11 sock 11 two ino=101 netns=7 proto=udp laddr=0.0.0.0 lport=53 raddr=any rport=0
12 sock 12 three ino=102 netns=7 proto=udp laddr=10.0.0.1 lport=53 raddr=10.0.0.2 rport=9
1001 act 11 two ino=101 len=4
1060 drop 11 two ino=101
END
cat >"$work/text" <<'END'
23:59:59.100000 (v0, proc one:10, uid 0, in, attr=port) IP 10.0.0.5.9 > 10.0.0.1.53: UDP, length 3
23:59:59.500000 (v0, proc three:12, uid 0, in, attr=exact) IP 10.0.0.2.9 > 10.0.0.1.53: UDP, length 3
00:00:00.001100 (v0, proc two:11, uid 0, out, attr=exact) IP 10.0.0.3.53 > 10.0.0.5.9: UDP, length 4
00:00:00.002000 (v0, proc two:11, uid 0, in, attr=port) IP 10.0.0.5.9 > 10.0.0.3.53: UDP, length 3
00:00:00.090000 (v0, proc ?, in, attr=none) IP 10.0.0.5.9 > 10.0.0.3.53: UDP, length 3
00:00:00.090100 (v0, proc ?, out, attr=none) IP 10.0.0.3 > 10.0.0.5: ICMP 10.0.0.3 udp port 53 unreachable, length 36
END
verdict "UDP" '' 'right=6 none=0 wrong=0 .*good=1'
verdict "an address's own socket before that of any" '1s/one:10/two:11/' 'wrong=1'
verdict "a connected socket before both" '2s/three:12/one:10/' 'wrong=1'
verdict "a port that was closed" '5s/proc \?/proc two:11, uid 0/' 'wrong=1'
verdict "an error the kernel makes" '6s/proc \?/proc two:11, uid 0/' 'wrong=1'
start=$((day + 36000))

# ---- UDP: connected to one, then to another ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
10 sock 10 one ino=100 netns=7 proto=udp laddr=10.0.0.1 lport=5000 raddr=10.0.0.2 rport=53
30 sock 10 one ino=100 netns=7 proto=udp laddr=10.0.0.1 lport=5000 raddr=10.0.0.3 rport=53
END
cat >"$work/text" <<'END'
10:00:00.020000 (v0, proc one:10, uid 0, in, attr=exact) IP 10.0.0.2.53 > 10.0.0.1.5000: UDP, length 3
10:00:00.040000 (v0, proc ?, in, attr=none) IP 10.0.0.2.53 > 10.0.0.1.5000: UDP, length 3
10:00:00.050000 (v0, proc one:10, uid 0, in, attr=exact) IP 10.0.0.3.53 > 10.0.0.1.5000: UDP, length 3
END
verdict "connected anew" '' 'right=3 none=0 wrong=0 .*good=1'
verdict "what comes from the first one then" '2s/proc \?/proc one:10, uid 0/' 'wrong=1'

# ---- UDP: several processes on one port, alike; and a group, of which each gets a copy ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
10 sock 10 one ino=100 netns=7 proto=udp laddr=0.0.0.0 lport=53 raddr=any rport=0
10 sock 11 two ino=101 netns=7 proto=udp laddr=0.0.0.0 lport=53 raddr=any rport=0
20 sock 12 three ino=102 netns=7 proto=udp laddr=0.0.0.0 lport=54 raddr=any rport=0
30 act 11 two ino=101 len=5
END
cat >"$work/text" <<'END'
10:00:00.021000 (v0, proc ?, in, attr=none) IP 10.0.0.2.9 > 10.0.0.1.53: UDP, length 3
10:00:00.022000 (v0, proc ?, in, attr=none) IP 10.0.0.2.9 > 239.0.0.1.53: UDP, length 3
10:00:00.023000 (v0, proc three:12, uid 0, in, attr=port) IP 10.0.0.2.9 > 239.0.0.1.54: UDP, length 3
10:00:00.030100 (v0, proc two:11, uid 0, out, attr=exact) IP 10.0.0.1.53 > 10.0.0.2.9: UDP, length 5
END
verdict "several on one port" '' 'right=2 none=2 wrong=0 .*reasons=copies:1,sharers:1 good=1'
verdict "the kprobe back-end knows which" '' 'reasons=copies:1 good=0' --backend kprobe
verdict "nobody, though one alone is bound" '3s/proc three:12, uid 0/proc ?/' 'none=3 .*good=0'
verdict "nobody, though one of them sends" '4s/proc two:11, uid 0/proc ?/' 'none=3 .*good=0'
verdict "another than these" '1s/proc \?/proc three:12, uid 0/' 'wrong=1'

# ---- fragments; errors by the destinations of who sent what they quote; packets that are made up ----
truth <<'END'
0 addr 1 x netns=7 addr=10.0.0.1
0 addr 1 x netns=7 addr=fd00::1
10 sock 10 one ino=100 netns=7 proto=udp laddr=:: lport=5000 raddr=any rport=0
10 sock 11 two ino=101 netns=7 proto=udp laddr=:: lport=5001 raddr=any rport=0
20 act 10 one ino=100 len=2000 raddr=fd00::2 rport=53
40 act 11 two ino=101 len=2000 raddr=10.0.0.2 rport=53
60 act 11 two ino=101 len=10 raddr=fd00::2 rport=54
80 sock 12 maker ino=102 netns=7 proto=made laddr=any lport=5000 raddr=any rport=0
80 sock 12 maker ino=103 netns=7 proto=made laddr=any lport=arp-10.0.0.7 raddr=any rport=0
80 sock 12 maker ino=104 netns=7 proto=icmp laddr=any lport=error raddr=any rport=0
81 act 12 maker ino=102 len=7
81 act 12 maker ino=103 len=0
81 act 12 maker ino=104 len=0
90 drop 12 maker ino=102
90 drop 12 maker ino=103
90 drop 12 maker ino=104
END
cat >"$work/text" <<'END'
10:00:00.020100 (v0, proc one:10, uid 0, out, attr=exact) IP6 fd00::1 > fd00::2: frag (0|1448) 5000 > 53: UDP, length 2000
10:00:00.020101 (v0, proc one:10, uid 0, out, attr=frag) IP6 fd00::1 > fd00::2: frag (1448|560)
10:00:00.040100 (v0, proc two:11, uid 0, out, attr=exact) IP 10.0.0.1.5001 > 10.0.0.2.53: UDP, length 2000
10:00:00.040101 (v0, proc two:11, uid 0, out, attr=frag) IP 10.0.0.1 > 10.0.0.2:  ip-proto-17
10:00:00.060100 (v0, proc two:11, uid 0, out, attr=exact) IP6 fd00::1.5001 > fd00::2.54: UDP, length 10
10:00:00.070000 (v0, proc one:10, uid 0, in, attr=icmp) IP6 fd00::2 > fd00::1: ICMP6, destination unreachable, unreachable port, fd00::2 udp port 53, length 66
10:00:00.070001 (v0, proc two:11, uid 0, in, attr=icmp) IP6 fd00::2 > fd00::1: ICMP6, destination unreachable, unreachable port, fd00::2 udp port 54, length 66
10:00:00.070002 (v0, proc two:11, uid 0, in, attr=icmp) IP 10.0.0.2 > 10.0.0.1: ICMP host 10.0.0.2 unreachable, length 36
10:00:00.081100 (v0, proc maker:12, uid 0, out, attr=exact) IP 10.0.0.1.5000 > 10.0.0.2.9: UDP, length 7
10:00:00.081101 (v0, proc maker:12, uid 0, out, attr=exact) ARP, Request who-has 10.0.0.7 tell 10.0.0.1, length 28
10:00:00.081102 (v0, proc maker:12, uid 0, out, attr=exact) IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.1 udp port 9 unreachable, length 36
10:00:00.081103 (v0, proc ?, in, attr=none) ARP, Reply 10.0.0.7 is-at 02:00:00:00:00:01, length 28
10:00:00.095000 (v0, proc ?, out, attr=none) ARP, Request who-has 10.0.0.8 tell 10.0.0.1, length 28
END
verdict "fragments, errors, what is made up" '' 'right=13 none=0 wrong=0 .*good=1'
verdict "a later fragment of another's" '2s/one:10/two:11/' 'wrong=1'
verdict "one of IPv4" '4s/two:11/one:10/' 'wrong=1'
verdict "an error for one that did not send there" '6s/one:10/two:11/' 'wrong=1'
verdict "for one that sent to another port" '7s/two:11/one:10/' 'wrong=1'
verdict "for one that sent to another host" '8s/two:11/one:10/' 'wrong=1'
verdict "the port's holder on what another made up" '9s/maker:12/one:10/' 'wrong=1'
verdict "nobody on ARP of a packet socket" '10s/proc maker:12, uid 0/proc ?/' 'none=1 .*good=0'
verdict "nobody on an error of a raw socket" '11s/proc maker:12, uid 0/proc ?/' 'none=1 .*good=0'
verdict "it on the answer" '12s/proc \?/proc maker:12, uid 0/' 'wrong=1'
verdict "it when it is closed" '13s/proc \?/proc maker:12, uid 0/' 'wrong=1'
verdict "what is no frame" '13s/ARP.*/40:00:01:11:f7:36 > 45:00:00:80:88:70, ethertype Unknown (0x0a62), length 28/' 'good=0'

# ---- a packet that passes: between b and c, which pidtap does not capture; to a host that is nowhere; a wildcard socket ----
start=$((day + 36000))
truth <<'END'
0 name 1 x netns=8 name=b
0 name 1 x netns=9 name=c
0 addr 1 x netns=7 addr=10.0.0.1
0 addr 1 x netns=8 addr=10.0.0.2
0 addr 1 x netns=9 addr=10.0.9.3
10 sock 30 server ino=300 netns=9 proto=tcp laddr=10.0.9.3 lport=80 raddr=any rport=0 listen=1
11 sock 10 bystander ino=100 netns=7 proto=tcp laddr=0.0.0.0 lport=80 raddr=any rport=0 listen=1
12 sock 40 resolver ino=400 netns=9 proto=udp laddr=0.0.0.0 lport=53 raddr=any rport=0
20 sock 20 client ino=200 netns=8 proto=tcp laddr=10.0.0.2 lport=5000 raddr=10.0.9.3 rport=80
22 act 20 client ino=200 len=5
30 sock 30 server ino=301 netns=9 proto=tcp laddr=10.0.9.3 lport=80 raddr=10.0.0.2 rport=5000
30 from 30 server ino=301 listener=300
50 sock 21 other ino=201 netns=8 proto=udp laddr=10.0.0.2 lport=6000 raddr=10.9.9.9 rport=53
60 act 21 other ino=201 len=4
END
cat >"$work/text" <<'END'
10:00:00.020100 (v0, proc server:30, uid 0, in, attr=host) IP 10.0.0.2.5000 > 10.0.9.3.80: Flags [S], seq 1, win 10, length 0
10:00:00.020200 (v1, proc client:20, uid 0, out, attr=host) IP 10.0.0.2.5000 > 10.0.9.3.80: Flags [S], seq 1, win 10, length 0
10:00:00.022100 (v0, proc server:30, uid 0, in, attr=host) IP 10.0.0.2.5000 > 10.0.9.3.80: Flags [P.], seq 1:6, length 5
10:00:00.022200 (v1, proc client:20, uid 0, out, attr=host) IP 10.0.0.2.5000 > 10.0.9.3.80: Flags [P.], seq 1:6, length 5
10:00:00.060100 (v0, proc other:21, uid 0, in, attr=host) IP 10.0.0.2.6000 > 10.9.9.9.53: UDP, length 4
10:00:00.060200 (v1, proc other:21, uid 0, out, attr=host) IP 10.0.0.2.6000 > 10.9.9.9.53: UDP, length 4
10:00:00.070000 (v0, proc ?, in, attr=none) IP 10.9.9.8.1 > 10.9.9.9.9: UDP, length 4
10:00:00.080000 (v0, proc resolver:40, uid 0, in, attr=host) IP 10.9.9.9.5 > 10.0.9.3.53: UDP, length 4
END
verdict "packets that pass" '' 'right=8 none=0 wrong=0 .*good=1' --through b --sees 'UDP, length 4$'
verdict "a SYN that is answered too late" '2s/proc client:20, uid 0/proc ?/' 'none=1 .*reasons=connecting:1 good=1' --through b
verdict "with kprobes that is no excuse" '2s/proc client:20, uid 0/proc ?/' 'none=1 .*good=0' --through b --backend kprobe
answer='10:00:00.020900 (v1, proc client:20, uid 0, in, attr=host) IP 10.0.9.3.80 > 10.0.0.2.5000: Flags [S.], seq 9, ack 2, length 0'
verdict "nor where the answer came soon" "2s/proc client:20, uid 0/proc ?/; 2a $answer" 'none=1 .*good=0' --through b
verdict "nor for anything but a SYN" '4s/proc client:20, uid 0/proc ?/' 'none=1 .*good=0' --through b
verdict "the nearer end's, the other end" '1s/server:30/client:20/' 'wrong=1' --through b
verdict "a process of the router" '1s/server:30/bystander:10/' 'wrong=1' --through b
verdict "nobody for the nearer end" '6s/proc other:21, uid 0/proc ?/' 'none=1 .*good=0' --through b
verdict "nobody for the one end there is" '5s/proc other:21, uid 0/proc ?/' 'none=1 .*good=0' --through b
verdict "nobody for one on a wildcard address" '8s/proc resolver:40, uid 0/proc ?/' 'none=1 .*reasons=- good=0' --through b
verdict "nobody's, somebody" '7s/proc \?/proc other:21, uid 0/' 'wrong=1' --through b
verdict "what passes must be complete" '4d' 'wrong=0 .*good=0' --through b
verdict "unless it may pass elsewhere" '4d' 'wrong=0 .*good=1'
verdict "a line that must be there" '' 'wrong=0 .*good=0' --sees 'UDP, length 5$'
done_testing
