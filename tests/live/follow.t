#!/bin/bash
# -f: the children of -p, those it has and those it makes, and theirs; nobody else.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

# family: in a, a process without traffic of its own. One child it has from the start; when $work/go is there it makes one with a
# child of its own, many that only come and go, and at last one more. Sets $parent.
family()
{
	local tcp udp late peer_command
	tcp=$(new_port) udp=$(new_port) late=$(new_port)
	server_in_b tcp-server "$tcp" && server_in_b udp-server "$udp" && server_in_b tcp-server "$late" || return
	peer_command a udp-client --addr 10.98.0.2 --port "$udp" --name early --wait "$work/go"
	printf '%q ' "${peer_command[@]}" >"$work/early"
	peer_command a tcp-client --addr 10.98.0.2 --port "$tcp" --name grandchild
	printf '%q ' "${peer_command[@]}" >"$work/inner"
	peer_command a tcp-client --addr 10.98.0.2 --port "$late" --name late
	printf '%q ' "${peer_command[@]}" >"$work/late"
	# shellcheck disable=SC2016
	bash -c '
		cd "$0"
		. ./early &
		touch born
		until [ -e go ]; do sleep 0.02; done
		(bash ./inner; :)
		for ((i = 0; i < $1; i++)); do (:); done
		. ./late && wait' "$work" "${1:-10}" &
	parent=$!
	wait_until 10 test -e "$work/born"
}

# grow: until all of the family has had its traffic, and a stranger, too
grow()
{
	exchange a b udp 10.98.0.1 && touch "$work/go" && wait "$parent"
}

# The truth of the family only.
family_truth()
{
	sed -i '/ comm=udp-server .* lport=7/{/ netns='"$(netns_inode a)"' /d}' "$truth"
}

names()
{
	grep -o 'proc [^,]*' "$work/text" | sed 's/proc //; s/:.*//' | sort -u | xargs
}

for backend in $backends; do
	truth_clear
	rm -f "$work/go" "$work/born"
	family
	is "$backend: a family" $? 0
	tap_start a --backend "$backend" -i veth0 -f -p "$parent"
	is "$backend: listens" $? 0
	grow
	is "$backend: traffic" $? 0
	tap_stop
	family_truth
	is "$backend: all of its members, and no other" "$(names)" "early grandchild late"
	ok "$backend: every packet of theirs" judge
	like "$backend: and says how many were not" "$(tap_says)" '[1-9][0-9]* of other processes'
	no "$backend: none was too many" grep -q 'had no room' "$work/err"

	truth_clear
	rm -f "$work/go" "$work/born"
	family
	tap_start a --backend "$backend" -i veth0 -p "$parent"
	grow
	is "$backend, without -f: traffic" $? 0
	tap_stop
	is "$backend, without -f: none of its children" "$(wc -l <"$work/text")" 0
done

# More than there is room for, one after the other.
truth_clear
rm -f "$work/go" "$work/born"
family 5000
tap_start a --backend "${backends%% *}" -i veth0 -f -p "$parent"
grow
is "thousands of children: traffic" $? 0
tap_stop
family_truth
is "thousands of children: also the last one" "$(names)" "early grandchild late"
ok "thousands of children: every packet" judge
no "thousands of children: none was too many" grep -q 'had no room' "$work/err"

# turns: the loop has read all records that there were when this was called
turns()
{
	local before
	for _ in 1 2 3; do
		before=$(grep -c '^pidtap: user space:' "$work/err")
		kill -USR1 "$tap_pid"
		wait_until 10 counted "$before" || return
	done
}

counted()
{
	[ "$(grep -c '^pidtap: user space:' "$work/err")" -gt "$1" ]
}

# The parent ends before its child does.
for backend in $backends; do
	rm -f "$work/leash"
	mkfifo "$work/leash"
	# shellcheck disable=SC2016
	bash -c 'cat "$0" & read -r _ <"$0"' "$work/leash" &
	parent=$!
	tap_start a --backend "$backend" -i veth0 -f -p "$parent"
	is "$backend, a parent that ends first: listens" $? 0
	exec {leash}>"$work/leash" # not before pidtap, which would inherit it
	kill "$parent"
	wait "$parent"
	turns
	is "$backend, a parent that ends first: it is answered" $? 0
	no "$backend, a parent that ends first: its child lives" grep -q 'have ended' "$work/err"
	exec {leash}>&-
	ok "$backend, a parent that ends first: after the child a line says so" wait_until 20 \
		grep -q '^pidtap: all processes of -p and their children have ended' "$work/err"
	turns
	is "$backend, a parent that ends first: once" "$(grep -c 'have ended' "$work/err")" 1
	tap_stop
	is "$backend, a parent that ends first: status" "$tap_status" 0
done

gone=$(bash -c 'echo $$')
tap_run a --backend "${backends%% *}" -i veth0 -p "$gone"
is "no such process: status" "$tap_status" 1
like "no such process: named" "$(tap_says)" "^pidtap: -p $gone: no such process"
done_testing
