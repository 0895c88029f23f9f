# What the tests of secrets seen in libcrypto share: a copy of OpenSSL whose labels are misspelt, so that its ssl_log_secret is not found;
# its programs; and the judge. Sourced behind lib.sh.
# shellcheck shell=bash
#
#   misspelt FILE             writes a file so
#   misspell FROM DIRECTORY   such a copy of a libssl, and of the libcrypto beside it
#   make_files                certificate, $work/misspelt, a library for the other end that is not found
#   probed OPTIONS...         pidtap with a key log, and the libraries are probed
#   role ROLE                 sets `run`: what runs a program of it, with $seen_env if $seen is that role
#   openssl_plays OPTIONS...  pidtap with these, and all kinds of handshakes by $seen_openssl and the system's
#   judge                     whether pidtap's key log is that of both ends

# shellcheck source=tests/live/tls-words.sh
. "$(dirname "$0")/tls-words.sh"

here=$top/tests/live
talk_s=30 word_s=20
port=4438
tls12=-tls1_2
tls13=-tls1_3
words=ping
mkfifo "$work/hold" && exec 7<>"$work/hold"

# misspelt FILE: with other labels, and another name of the function in its symbols
misspelt()
{
	perl -0777 -pe 's/CLIENT_RANDOM\0/CLIENT_RANDUM\0/g; s/EARLY_EXPORTER_SECRET\0/EARLY_EXPORTAR_SECRET\0/g;
		s/\0ssl_log_secret\0/\0ssl_log_sekret\0/g' "$1"
}

# misspell FROM DIRECTORY: a libssl and the libcrypto beside it
misspell()
{
	local crypto
	mkdir "$2" || return
	misspelt "$1" >"$2/${1##*/}" || return
	for crypto in "${1%/*}"/libcrypto.so.*; do
		cp "$crypto" "$2/" || return
	done
	! cmp -s "$1" "$2/${1##*/}"
}

make_files()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null &&
		echo "early bird" >"$work/early" && cp "$(library openssl libssl)" "$work/unseen-openssl.so" &&
		misspell "$(library openssl libssl)" "$work/misspelt"
}

# role ROLE: leaves in `run` what runs a program of this role, the seen one's or the other
role()
{
	run=(nsenter --net="$(ns_path a)" -- env)
	if [ "$1" = "$seen" ]; then
		run+=("${seen_env[@]}")
	else
		run+=("LD_PRELOAD=$work/unseen-openssl.so")
	fi
}

# openssl_of ROLE: and in `run` its openssl
openssl_of()
{
	role "$1"
	if [ "$1" = "$seen" ]; then run+=("${seen_openssl[@]}"); else run+=(openssl); fi
}

is_probed()
{
	grep -q 'its KDF functions are probed' "$work/err"
}

# probed OPTIONS...: pidtap (-v), and a program of the seen role that has the libraries: what happens before they are probed is another test's
probed()
{
	local pid
	tap_start a --backend "$backend" -i lo --keylog "$work/log" -v "$@" || return
	openssl_of "$seen"
	"${run[@]}" sha256 <&7 >"$work/digest" 2>&1 &
	pid=$!
	wait_until 20 is_probed
	set -- $?
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$1"
}

serve()
{
	openssl_of server
	: >"$work/heard"
	"${run[@]}" s_server -accept "$port" -keylogfile "$work/keys.server" -cert "$work/cert.pem" -key "$work/key.pem" "$@" \
		<&7 >"$work/heard" 2>&1 &
	server_pid=$!
	wait_until 20 server_listens
}

heard()
{
	case $1 in
	K) grep -q KEYUPDATE "$work/said" ;;
	GET) grep -aq '^HTTP/1.0 200' "$work/said" ;;
	*) grep -aq "^$1" "$work/heard" ;;
	esac
}

# talk OPTIONS...: a connection over which $words are said, each when the one before was heard
talk()
{
	openssl_of client
	converse "${run[@]}" s_client -connect "127.0.0.1:$port" -keylogfile "$work/keys.client" "$@"
}

# written FILE...: key log lines of programs, each once, as they should be spelt
written()
{
	sed -e 's/^CLIENT_RANDUM /CLIENT_RANDOM /; s/EXPORTAR_/EXPORTER_/; /^#/d' "$@" | tr A-F a-f | sed 's/^[^ ]*/\U&/' | sort -u
}

# play NAME "SERVER OPTIONS" "CLIENT OPTIONS": its first connection is made with $first, where that is set, and brings the session
play()
{
	local what="$case: $1"
	local -a server client before
	read -ra server <<<"$2"
	read -ra client <<<"$3"
	read -ra before <<<"${first:-}"
	rm -f "$work/session"
	serve "${server[@]}"
	is "$what: a server" $? 0
	[ -z "${first:-}" ] || ok "$what: the first connection" talk "${before[@]}"
	ok "$what: the connection" talk "${client[@]}"
	[ -z "${sign:-}" ] || ok "$what: it is what it should be ($sign)" grep -aqiE "$sign" "$work/said"
	stop_server
}

cases()
{
	local version
	for version in "$tls12" "$tls13"; do
		play "full $version" "$version" "$version"
		first="$version -sess_out $work/session" sign='Reused, ' play "resumed $version" "$version" "$version -sess_in $work/session"
	done
	first="$tls12 -sess_out $work/session" sign='Reused, ' play "session id" "$tls12 -no_ticket" "$tls12 -sess_in $work/session"
	first="$tls13 -sess_out $work/session" sign='Early data was accepted' play "early data" \
		"$tls13 -early_data -max_early_data 16384" "$tls13 -sess_in $work/session -early_data $work/early"
	sign='ECDH, (secp384r1|P-384)' play "hello retry" "$tls13 -groups P-384" "$tls13 -groups X25519:P-384"
	words="ping K pong" play "key update" "$tls13" "$tls13"
	words=GET play "HTTP through a BIO" "$tls13 -www" "$tls13"
}

# labels FILE
labels()
{
	written "$1" | cut -d ' ' -f 1 | sort -u | tr '\n' ' '
}

# judge: pidtap's lines are the seen end's, and the other's but for what OpenSSL 1.1.1 does not log
judge()
{
	local other=client
	[ "$seen" = server ] || other=server
	is "$case: ends well" "$tap_status" 0
	written "$work/log" >"$work/lines"
	written "$work/keys.$seen" >"$work/lines.seen"
	written "$work/keys.$other" | grep -v SECRET_N >"$work/lines.other"
	ok "$case: there are lines" [ -s "$work/lines.seen" ]
	is "$case: the key log has the lines of the seen end, and no other" "$(diff "$work/lines.seen" "$work/lines" 2>&1 | head -n 6)" ""
	is "$case: and those of the other end" "$(grep -v SECRET_N "$work/lines" | diff "$work/lines.other" - 2>&1 | head -n 6)" ""
	is "$case: each once" "$(sort "$work/log" | uniq -d)" ""
	no "$case: none of an unknown connection" grep 'unknown connections' "$work/err"
}

openssl_plays()
{
	rm -f "$work"/keys.* "$work/log"
	probed "$@"
	is "$case: listens, and has probed" $? 0
	cases
	tap_stop
	judge
	like "$case: all kinds of lines" "$(labels "$work/keys.$seen")" \
		"CLIENT_EARLY_TRAFFIC_SECRET .*CLIENT_RANDOM .*EARLY_EXPORTER_SECRET EXPORTER_SECRET .*SERVER_TRAFFIC_SECRET_0 "
	[[ " $* " != *' --plaintext '* ]] || like "$case: plaintext as well" "$(cat "$work/text")" 'ping'
	like "$case: by the KDF functions" "$(cat "$work/err")" 'secrets by KDF functions of libcrypto'
}
