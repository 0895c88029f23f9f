#!/bin/bash
# Secrets: the lines of the key log are those the program itself writes, each once and no other, in all the ways a handshake can go:
# full, resumed by ticket and by session id, with a key given beforehand (PSK), with early data (0-RTT), after a HelloRetryRequest, with a
# client's certificate, with new keys on the way (KeyUpdate). Client and server, OpenSSL and GnuTLS, each against one that is not
# seen: it has a copy of the library that is not found, so that what one misses the other cannot tell.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-words.sh
. "$(dirname "$0")/tls-words.sh"
need openssl gnutls-cli gnutls-serv
live_begin

port=4436
psk=0123456789abcdef0123456789abcdef
tls12=-tls1_2
tls13=-tls1_3

make_files()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null &&
		echo "early bird" >"$work/early" && echo "Client_identity:$psk" >"$work/psk" && chmod 600 "$work/psk" &&
		mkfifo "$work/hold" && cp "$(library openssl libssl)" "$work/unseen-openssl.so" &&
		cp "$(library gnutls-cli libgnutls)" "$work/unseen-gnutls.so"
}

# aside ROLE LIBRARY: what to run a program of this role with, in namespace a
aside()
{
	runs=(nsenter --net="$(ns_path a)" -- env SSLKEYLOGFILE="$work/keys.$case.$1.gnutls")
	[[ $seen == *"$1"* ]] || runs+=("LD_PRELOAD=$work/unseen-$2.so")
}

# serve LIBRARY OPTIONS...
serve()
{
	local library=$1
	shift
	aside server "$library"
	: >"$work/heard"
	if [ "$library" = openssl ]; then
		"${runs[@]}" openssl s_server -accept "$port" -keylogfile "$work/keys.$case.server" -cert "$work/cert.pem" \
			-key "$work/key.pem" "$@" <&7 >"$work/heard" 2>&1 &
	else
		"${runs[@]}" gnutls-serv --echo -p "$port" --x509certfile "$work/cert.pem" --x509keyfile "$work/key.pem" "$@" \
			<&7 >"$work/heard" 2>&1 &
	fi
	server_pid=$!
	wait_until 10 server_listens
}

# The server has it, or (GnuTLS's, which says nothing) the client has it back; what only the client acts upon, it has done.
heard()
{
	case $1 in
	K) grep -q KEYUPDATE "$work/said" ;;
	^rekey^) grep -q 'Rekey was completed' "$work/said" ;;
	*) grep -aqE "^(received cmd: )?$1" "$work/heard" "$work/said" ;;
	esac
}

# talk LIBRARY OPTIONS...: a connection over which the words in $words are said, each when the one before was heard
talk()
{
	local library=$1 program
	shift
	aside client "$library"
	if [ "$library" = openssl ]; then
		program=(openssl s_client -connect "127.0.0.1:$port" -keylogfile "$work/keys.$case.client" "$@")
	else
		program=(gnutls-cli --insecure -p "$port" 127.0.0.1 "$@")
	fi
	converse "${runs[@]}" "${program[@]}"
}

# written FILE...: key log lines of programs, each once, as pidtap writes them
written()
{
	cat "$@" 2>/dev/null | grep -v '^#' | tr A-F a-f | sed 's/^[^ ]*/\U&/' | sort -u
}

# labels: of the lines the seen side has written by itself
labels()
{
	written "$work/keys.$case.$seen"* | cut -d ' ' -f 1 | sort -u | tr '\n' ' '
}

# play NAME SERVER CLIENT LABEL: a case, made of the functions server_NAME and client_NAME of options; LABEL must be among the lines.
# Its first connection is made with $first instead, where that is set: it brings the session that is resumed.
play()
{
	local what="$backend, $seen seen: $1" label=$4
	local -a server client
	case=${1// /-}
	read -ra server <<<"$2"
	read -ra client <<<"$3"
	rm -f "$work/session"
	serve "${server[@]}"
	is "$what: a server" $? 0
	if [ -n "${first:-}" ]; then
		local -a before
		read -ra before <<<"$first"
		talk "${before[@]}"
		is "$what: the first connection" $? 0
	fi
	talk "${client[@]}"
	is "$what: the connection" $? 0 || diag "$(tail -n 5 "$work/said" "$work/heard")"
	[ -z "${sign:-}" ] || ok "$what: it is what it should be ($sign)" grep -aqiE "$sign" "$work/said"
	like "$what: wrote what it has to ($label)" "$(labels)" "$label "
	stop_server
}

openssl_cases()
{
	local version
	for version in "$tls12" "$tls13"; do
		local label=CLIENT_RANDOM
		[ "$version" = "$tls12" ] || label=SERVER_TRAFFIC_SECRET_0
		play "full $version" "openssl $version" "openssl $version" "$label"
		sign='Client Certificate Types|Requested Signature' \
			play "client certificate $version" "openssl $version -Verify 1" "openssl $version -cert $work/cert.pem -key $work/key.pem" "$label"
		first="openssl $version -sess_out $work/session" sign='Reused, ' \
			play "ticket $version" "openssl $version" "openssl $version -sess_in $work/session" "$label"
	done
	first="openssl $tls12 -sess_out $work/session" sign='Reused, ' \
		play "session id" "openssl $tls12 -no_ticket" "openssl $tls12 -sess_in $work/session" CLIENT_RANDOM
	first="openssl $tls13 -sess_out $work/session" sign='Early data was accepted' \
		play "early data" "openssl $tls13 -early_data -max_early_data 16384" \
		"openssl $tls13 -sess_in $work/session -early_data $work/early" CLIENT_EARLY_TRAFFIC_SECRET
	sign='Reused, |PSK' play "psk 1.3" "openssl $tls13 -nocert -psk $psk" "openssl $tls13 -psk $psk" SERVER_TRAFFIC_SECRET_0
	play "psk 1.2" "openssl $tls12 -nocert -psk $psk -cipher PSK-AES128-GCM-SHA256" \
		"openssl $tls12 -psk $psk -cipher PSK-AES128-GCM-SHA256" CLIENT_RANDOM
	sign='ECDH, (secp384r1|P-384)' play "hello retry" "openssl $tls13 -groups P-384" "openssl $tls13 -groups X25519:P-384" \
		SERVER_TRAFFIC_SECRET_0
	words="ping K pong" play "key update" "openssl $tls13" "openssl $tls13" SERVER_TRAFFIC_SECRET_0
}

# GnuTLS's priority string for one version.
only()
{
	echo "NORMAL:-VERS-ALL:+VERS-TLS$1"
}

gnutls_client_cases()
{
	local version options label
	for version in 1.2 1.3; do
		options="gnutls --priority $(only "$version")"
		label=CLIENT_RANDOM
		[ "$version" = 1.2 ] || label=SERVER_TRAFFIC_SECRET_0
		play "gnutls full $version" "openssl -tls${version/./_}" "$options" "$label"
		sign='Successfully sent .* certificate' play "gnutls client certificate $version" "openssl -tls${version/./_} -Verify 1" \
			"$options --x509certfile $work/cert.pem --x509keyfile $work/key.pem" "$label"
		sign='This is a resumed session' play "gnutls ticket $version" "openssl -tls${version/./_}" \
			"$options --resume --waitresumption" "$label"
		play "gnutls psk $version" "openssl -tls${version/./_} -nocert -psk $psk -cipher PSK-AES128-GCM-SHA256" \
			"$options:-KX-ALL:+PSK:+DHE-PSK --pskusername Client_identity --pskkey $psk" "$label"
	done
	sign='This is a resumed session' play "gnutls session id" "openssl $tls12 -no_ticket" \
		"gnutls --priority $(only 1.2) --resume" CLIENT_RANDOM
	sign='This is a resumed session' play "gnutls early data" "openssl $tls13 -early_data -max_early_data 16384" \
		"gnutls --priority $(only 1.3) --resume --waitresumption --earlydata $work/early" CLIENT_EARLY_TRAFFIC_SECRET
	sign='SECP384R1' play "gnutls hello retry" "openssl $tls13 -groups P-384" \
		"gnutls --priority $(only 1.3):-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1" SERVER_TRAFFIC_SECRET_0
	words="ping ^rekey^ pong" play "gnutls key update" "openssl $tls13" "gnutls --priority $(only 1.3) --inline-commands" \
		SERVER_TRAFFIC_SECRET_0
}

gnutls_server_cases()
{
	local version options label
	for version in 1.2 1.3; do
		options="gnutls --priority $(only "$version")"
		label=CLIENT_RANDOM
		[ "$version" = 1.2 ] || label=SERVER_TRAFFIC_SECRET_0
		play "gnutls full $version" "$options" "openssl -tls${version/./_}" "$label"
		play "gnutls client certificate $version" "$options --require-client-cert --x509cafile $work/cert.pem" \
			"openssl -tls${version/./_} -cert $work/cert.pem -key $work/key.pem" "$label"
		first="openssl -tls${version/./_} -sess_out $work/session" sign='Reused, ' play "gnutls ticket $version" "$options" \
			"openssl -tls${version/./_} -sess_in $work/session" "$label"
		play "gnutls psk $version" "$options:+PSK:+DHE-PSK --pskpasswd $work/psk" \
			"openssl -tls${version/./_} -psk $psk -cipher PSK-AES128-GCM-SHA256" "$label"
	done
	first="openssl $tls12 -sess_out $work/session" sign='Reused, ' play "gnutls session id" \
		"gnutls --priority $(only 1.2) --noticket" "openssl $tls12 -sess_in $work/session" CLIENT_RANDOM
	first="openssl $tls13 -sess_out $work/session" sign='Early data was accepted' play "gnutls early data" \
		"gnutls --priority $(only 1.3) --earlydata --maxearlydata 16384" \
		"openssl $tls13 -sess_in $work/session -early_data $work/early" CLIENT_EARLY_TRAFFIC_SECRET
	play "gnutls hello retry" "gnutls --priority $(only 1.3):-GROUP-ALL:+GROUP-SECP384R1" "openssl $tls13 -groups X25519:P-384" \
		SERVER_TRAFFIC_SECRET_0
	words="ping K pong" play "gnutls key update" "gnutls --priority $(only 1.3)" "openssl $tls13" SERVER_TRAFFIC_SECRET_0
}

ok "certificate and libraries" make_files
exec 7<>"$work/hold"
words=ping
for backend in $backends; do
	# without this what follows means nothing
	seen=nobody
	tap_start a --backend "$backend" -i lo --keylog "$work/log"
	is "$backend, nobody seen: listens" $? 0
	case=nobody
	serve openssl && talk openssl
	is "$backend, nobody seen: OpenSSL" $? 0
	stop_server
	serve gnutls && talk gnutls
	is "$backend, nobody seen: GnuTLS" $? 0
	stop_server
	tap_stop
	is "$backend, nobody seen: no line" "$(cat "$work/log")" ""

	for seen in client server; do
		rm -f "$work"/keys.* "$work/log"
		tap_start a --backend "$backend" -i lo --keylog "$work/log"
		is "$backend, $seen seen: listens" $? 0
		openssl_cases
		"gnutls_${seen}_cases"
		tap_stop
		is "$backend, $seen seen: ends well" "$tap_status" 0
		is "$backend, $seen seen: the key log has its lines, and no other" "$(sort -u "$work/log" | sed 's/^[^ ]*/\U&/')" \
			"$(written "$work"/keys.*."$seen"*)"
		is "$backend, $seen seen: each once" "$(sort "$work/log" | uniq -d)" ""
	done
done
done_testing
