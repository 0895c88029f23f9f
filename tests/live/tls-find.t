#!/bin/bash
# TLS libraries that pidtap has never seen: a program that begins after the start and brings its own copy, in a file system
# of its own, or linked into it; one that was deleted or replaced while it is used. Each is found as the program loads it. Probing it
# takes the kernel a grace period, some 25 ms: whether a program's very first connection comes after that is up to the
# machine, so that is counted and shown, and what must hold is said of the next one. The server's own secrets are never
# there to be had: each line is the client's.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl ldd
live_begin

port=4433
openssl=$(command -v openssl)
libssl=$(ldd "$openssl" | awk '$1 ~ /^libssl/ { print $3 }')
static=$top/build/tests/tls_static
[ -r "$libssl" ] || skip_all "openssl is linked with no libssl"
[ -x "$static" ] || skip_all "$static is not built (make test-tools)"
soname=$(basename "$libssl")

# A libssl in which nothing is found: its labels are others.
make_blind()
{
	mkdir -p "$work/blind"
	LC_ALL=C sed 's/EARLY_EXPORTER_SECRET/EARLY_EXPORTER_SECREX/g' "$(readlink -f "$libssl")" >"$work/blind/$soname"
}

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

server_listens()
{
	in_ns a ss -Hltn "sport = :$port" | grep -q .
}

# start_server LIBRARIES [OPTIONS...]: sets server_pid
start_server()
{
	local dir=$1
	shift
	LD_LIBRARY_PATH=$dir nsenter --net="$(ns_path a)" -- openssl s_server -key "$work/key.pem" -cert "$work/cert.pem" \
		-accept "$port" -quiet -www "$@" >/dev/null 2>"$work/server.err" &
	server_pid=$!
	wait_until 10 server_listens
}

# The program's own key log, unless it is a server's that counts.
client_keys=$work/keys

# asks COMMAND...: a program that speaks like `openssl s_client` asks the server
asks()
{
	printf 'GET / HTTP/1.0\r\n\r\n' |
		nsenter --net="$(ns_path a)" -- timeout $((10 * ${patience:-1})) "$@" s_client -connect "127.0.0.1:$port" -quiet -ign_eof \
			-keylogfile "$client_keys" >"$work/answer" 2>/dev/null
	grep -q 'HTTP/1.0 200' "$work/answer"
}

# copy_to FOLDER: another libssl, of the same content
copy_to()
{
	mkdir -p "$1"
	cp "$libssl" "$1/new" && mv "$1/new" "$1/$soname"
}

# A root file system with openssl and what it needs.
make_root()
{
	local lib
	mkdir -p "$work/root"
	for lib in "$openssl" $(ldd "$openssl" | grep -o '/[^ ]*'); do
		install -D "$(readlink -f "$lib")" "$work/root$lib"
	done
	install -D "$(openssl version -d | cut -d '"' -f 2)/openssl.cnf" "$work/root$(openssl version -d | cut -d '"' -f 2)/openssl.cnf"
}

# Mounted where nobody else sees it, as long as a process lives. Sets holder_pid.
mount_root()
{
	mkdir -p "$work/root.new"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m bash -c 'mount -t tmpfs none "$0/root.new" && cp -a "$0/root/." "$0/root.new" && mkdir -p "$0/root.new/$0" &&
		mount --bind "$0" "$0/root.new/$0" && touch "$0/mounted" && exec sleep infinity' "$work" &
	holder_pid=$!
	wait_until 10 test -e "$work/mounted"
}

lines()
{
	grep -v '^#' "$1" | tr A-F a-f | sed 's/^[^ ]*/\U&/' | sort -u
}

# What the program wrote and pidtap did not. (Others on this machine may speak TLS, too.)
missing()
{
	comm -23 <(lines "$work/keys") <(lines "$work/log")
}

logged()
{
	[ -s "$work/keys" ] && [ -z "$(missing)" ]
}

# found WHAT: the key log has what the program wrote itself
found()
{
	wait_until 5 logged
	ok "$backend: $1: the program wrote some" test -s "$work/keys"
	is "$backend: $1" "$(missing)" ""
}

new_case()
{
	: >"$work/keys"
	: >"$work/log"
}

said()
{
	grep -qF -- "$1" "$work/err"
}

# is_found WHAT PATH COMMAND...: runs it for the first time, which makes its library at PATH known, and again
is_found()
{
	local what=$1 path=$2
	shift 2
	new_case
	ok "$backend: $what" "$@"
	! wait_until 1 logged || first=$((first + 1))
	tries=$((tries + 1))
	ok "$backend: $what: found" wait_until 5 said "TLS library $path "
	new_case
	ok "$backend: $what, again" "$@"
	found "$what: its keys"
}

ok "a certificate" make_certificate
ok "a libssl in which nothing is found" make_blind
ok "a root file system" make_root
mount_root
is "a mount namespace with it" $? 0
for backend in $backends; do
	copy_to "$work/old"
	start_server "$work/old" -keylogfile "$work/keys"
	is "$backend: a server with a libssl of its own" $? 0
	rm "$work/old/$soname"
	rm -f "$work/log"
	tap_start a --backend "$backend" -i lo --keylog "$work/log" -v
	is "$backend: listens" $? 0

	new_case
	ok "$backend: its library is deleted" grep -q "$soname (deleted)" "/proc/$server_pid/maps"
	client_keys=$work/others
	ok "$backend: it is asked" asks env LD_LIBRARY_PATH="$work/blind" openssl
	client_keys=$work/keys
	found "a library that was deleted before the start"
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null

	start_server "$work/blind"
	is "$backend: a server whose secrets are not to be had" $? 0
	first=0 tries=0
	copy_to "$work/own"
	is_found "its own copy" "$work/own/$soname" asks env LD_LIBRARY_PATH="$work/own" openssl
	: >"$work/err"
	copy_to "$work/own"
	is_found "a copy that was replaced" "$work/own/$soname" asks env LD_LIBRARY_PATH="$work/own" openssl
	is_found "in a file system of its own" "$libssl (of process" \
		asks nsenter -t "$holder_pid" -m chroot "$work/root.new" "$openssl"
	cp "$static" "$work/static"
	is_found "OpenSSL in the program" "$work/static" \
		nsenter --net="$(ns_path a)" -- "$work/static" "$port" "$work/keys" /static
	for n in 1 2 3 4 5 6; do
		copy_to "$work/own$n"
		is_found "another copy ($n)" "$work/own$n/$soname" asks env LD_LIBRARY_PATH="$work/own$n" openssl
	done
	diag "$backend: of $tries first connections $first had all their keys"
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	tap_stop
	is "$backend: ends well" "$tap_status" 0
done
done_testing
