#!/bin/bash
# -p, --uid and --comm are strict: only packets of these processes, all of them, and nobody's only with --include-unknown.
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

# The names printed, each once.
names()
{
	grep -o 'proc [^,]*' "$work/text" | sed 's/proc //; s/:.*//' | sort -u | xargs
}

# In b, a server that sends to who connects when $work/send is there, and only listens otherwise; it ends after that.
start_sender()
{
	rm -f "$work/sender" "$work/send" "$work/hold"
	in_ns b perl -MIO::Socket::INET -e '
		my ($dir, $port) = @ARGV;
		my $s = IO::Socket::INET->new(LocalAddr => "10.98.0.2", LocalPort => $port, Listen => 1, ReuseAddr => 1) or die;
		open(my $f, ">", "$dir/sender");
		my $c = $s->accept;
		select(undef, undef, undef, 0.02) until -e "$dir/send";
		syswrite($c, "x" x 100);
		sysread($c, my $end, 1);' "$work" "$1" &
	wait_until 10 test -e "$work/sender"
}

# In a, perl connects and then becomes $1, which does nothing with its socket but hold it until $work/hold is written to.
become()
{
	mkfifo "$work/hold"
	nsenter --net="$(ns_path a)" -- perl -MIO::Socket::INET -e '
		my ($program, $port, $file) = @ARGV;
		$^F = 255; # descriptors up to that survive an exec
		my $s = IO::Socket::INET->new(PeerAddr => "10.98.0.2", PeerPort => $port) or die;
		exec($program, $file);' "$1" "$2" "$work/hold" >/dev/null &
	became=$!
	wait_until 10 grep -qsx "$(basename "$1")" "/proc/$became/comm"
}

cp "$(command -v cat)" "$work/wanted-cat"

for backend in $backends; do
	truth_clear
	start_wanted
	pid=$(wanted_pid)
	tap_start a --backend "$backend" -i veth0 -p "$pid"
	is "$backend, -p: listens" $? 0
	no "$backend, -p: while it lives nothing is said of its end" grep -q 'ended' "$work/err"
	ok "$backend, -p: traffic" mixed_traffic
	ok "$backend, -p: a line says that the process has ended" wait_until 20 grep -q "^pidtap: process $pid has ended" "$work/err"
	ok "$backend, -p: the capture goes on" tap_runs
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

	truth_clear
	start_wanted
	tap_start a --backend "$backend" -i veth0 --comm a-name-too-long-for-one --comm tcp-client
	is "$backend, --comm: listens" $? 0
	ok "$backend, --comm: traffic" mixed_traffic
	ok "$backend, --comm: of a long name, too" exchange b a udp 10.98.0.2 --name a-name-too-long-for-one
	tap_stop
	sed -i -n '/ comm=\(a-name-too-long\|tcp-client\) /p' "$truth"
	is "$backend, --comm: these names only" "$(names)" "a-name-too-long tcp-client"
	ok "$backend, --comm: has all of their packets" judge

	port=$(new_port)
	start_sender "$port"
	tap_start a --backend "$backend" -i veth0 --comm wanted-cat
	become "$work/wanted-cat" "$port"
	is "$backend, --comm: a process gets the name" $? 0
	touch "$work/send"
	ok "$backend, --comm: its packets are there before it acts" wait_until 20 grep -q 'wanted-cat:.*, in).* length 100' "$work/text"
	echo >"$work/hold"
	wait "$became"
	tap_stop
	is "$backend, --comm: with that name" "$(names)" wanted-cat

	port=$(new_port)
	start_sender "$port"
	tap_start a --backend "$backend" -i veth0 --comm perl
	become "$work/wanted-cat" "$port"
	is "$backend, --comm: a process loses the name" $? 0
	touch "$work/send"
	echo >"$work/hold"
	wait "$became"
	tap_stop
	is "$backend, --comm: what it sent before is there" "$(names)" perl
	no "$backend, --comm: and nothing of later" grep -q 'length 100' "$work/text"
done
done_testing
