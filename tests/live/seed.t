#!/bin/bash
# Sockets that existed before the start: whose they are, what nobody can know, and what must not be taken for them later.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

start_old_sockets()
{
	rm -f "$work/ready" "$work/go"
	in_ns a "$top/tests/live/old-sockets" "$work/ready" "$work/go" >"$work/who" 2>"$work/perl" &
	old=$!
	wait_until 20 test -e "$work/ready"
}

# pid NAME
pid()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/who"
}

# answers SERVER-PORT CLIENT-PORT in|out [PATTERN]: "ATTR NAME" of the server's packets, each once. The ports are patterns.
answers()
{
	local lo='127\.0\.0\.1' ends
	ends="$lo\\.$2 > $lo\\.$1: "
	[ "$3" = in ] || ends="$lo\\.$1 > $lo\\.$2: "
	grep -E " $3, attr=.* $ends.*${4:-}" "$work/text" |
		sed -E 's/^.*proc (\?|[^,]*:([0-9]+), uid [0-9]+), (in|out), attr=(\w+).*/\4 \2/' | sort -u |
		awk -v who="$work/who" 'BEGIN { while ((getline line < who) > 0) { split(line, w, " "); name[w[2]] = w[1] } }
			{ print $1 ($2 == "" ? "" : " " (name[$2] == "" ? $2 : name[$2])) }'
}

holder='^seed (server|worker)$'

for backend in $backends; do
	start_old_sockets || diag "$(cat "$work/perl")"
	tap_start a --backend "$backend" -i lo -v
	is "$backend: listens" $? 0
	like "$backend: says how many there were" "$(grep 'were there already' "$work/err")" \
		'[1-9][0-9]* sockets of [1-9][0-9]* processes were there already, [1-9][0-9]* of nobody'
	touch "$work/go"
	wait "$old"
	is "$backend: traffic" $? 0
	tap_stop

	is "$backend: data for a connection that never acts" "$(answers 7930 7931 in 'length 1')" "seed worker"
	is "$backend: of one whose owner closed it before nobody is named, not who listens" "$(answers 7930 7932 in)" none
	is "$backend: nor for what the kernel answers" "$(answers 7930 7932 out)" none
	like "$backend: one that was not accepted is who listens's" "$(answers 7930 7934 in)" "$holder"
	like "$backend: also when it is reset" "$(answers 7930 7935 in 'Flags .R')" "$holder"
	like "$backend: a new connection by the same tuple" "$(answers 7930 7935 in 'Flags .S')" "$holder"
	like "$backend: a new one by a tuple that was in TIME_WAIT" "$(answers 7930 7933 in 'Flags .S')" "$holder"
	is "$backend: its other end is who made it" \
		"$(grep -E ' out, .*127\.0\.0\.1\.793[35] >.*Flags \[S\]' "$work/text" | grep -cv "proc [^,]*:$(pid later),")" 0
	is "$backend: which was seen" "$(grep -cE ' out, .*127\.0\.0\.1\.793[35] >.*Flags \[S\]' "$work/text")" 2
	is "$backend: a bound datagram socket" "$(answers 7940 '[0-9]+' in)" "seed bound"
done

# churn END-FILE MAX BYTES: makes and ends connections until the file is there or there were MAX, from a few ports; sends BYTES on
# each. Prints its pid.
churn()
{
	in_ns a perl -MSocket=:all -e '
		my ($end, $max, $bytes, $n) = (@ARGV, 0);
		syswrite(STDOUT, "$$\n");
		socket(my $l, AF_INET, SOCK_STREAM, 0);
		setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
		bind($l, pack_sockaddr_in(7950, INADDR_LOOPBACK)) && listen($l, 100) or die "listen: $!\n";
		until (-e $end || $n == $max) {
			socket(my $s, AF_INET, SOCK_STREAM, 0);
			setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
			bind($s, pack_sockaddr_in(7951 + $n++ % 8, INADDR_LOOPBACK)) or die "bind: $!\n";
			connect($s, pack_sockaddr_in(7950, INADDR_LOOPBACK)) or die "connect: $!\n";
			accept(my $c, $l) or die "accept: $!\n";
			syswrite($s, "x" x $bytes) if $bytes;
			setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
			close $s;
		}' "$@"
}

# data_of PID: how many packets with the second process's data name it
data_of()
{
	grep -cE "proc [^,]*:$1, .* 127\.0\.0\.1\.795[1-8] > .* length 3$" "$work/text"
}

# Of a restless process some connections end between the two looks. Another one uses its ports when it is gone.
for backend in $backends; do
	rm -f "$work/end"
	churn "$work/end" -1 0 >"$work/first" &
	churner=$!
	tap_start a --backend "$backend" -i lo -v
	touch "$work/end"
	wait "$churner"
	is "$backend: a restless process" "$?" 0
	is "$backend: another one by the same ports" "$(churn "$work/none" 16 3 >"$work/second"; echo $?)" 0
	tap_stop
	ok "$backend: the first was seen" grep -q "proc [^,]*:$(<"$work/first")," "$work/text"
	is "$backend: the second's data, out and in" "$(grep -cE '127\.0\.0\.1\.795[1-8] > .* length 3$' "$work/text")" 32
	is "$backend: all of it names the second" "$(data_of "$(<"$work/second")")" 32
done
done_testing
