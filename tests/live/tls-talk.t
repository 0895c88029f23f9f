#!/bin/bash
# TLS of programs that talk at length: openssl with itself, asyncio, a connection that is older than pidtap, a long download.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark curl nginx /usr/bin/python3
tls_begin
mkfifo "$work/ask" "$work/answer"

heard()
{
	[ "$(stat -c %s "$1")" = "$(stat -c %s "$work/www/medium")" ]
}

# openssl_talks PORT SERVER-OPTIONS CLIENT-OPTIONS: each end sends the other a file, and both are there.
# The descriptors keep the pipes open until both have heard all: either end leaves when its input is over.
openssl_talks()
{
	local port=$1 asker status=0
	exec 8<>"$work/ask" 9<>"$work/answer"
	# shellcheck disable=SC2016 # expanded by the inner shell
	serve "$port" "server-$port" sh -c 'exec openssl s_server -accept "$1" -naccept 1 -quiet -key "$2/key.pem" -cert "$2/cert.pem" \
		$3 <"$4"' sh "$port" "$TLS_PKI" "$2" "$work/answer" 8>&- 9>&- || return
	# shellcheck disable=SC2016
	client sh -c 'exec openssl s_client -connect "10.98.0.1:$1" -quiet -no_ign_eof -verify_return_error -CAfile "$2/ca.pem" $3 <"$4"' \
		sh "$port" "$TLS_PKI" "$3" "$work/ask" >"$work/client.out" 2>"$work/client.err" 8>&- 9>&- &
	asker=$!
	cat "$work/www/medium" >&8
	cat "$work/www/medium" >&9
	wait_until 20 heard "$work/client.out" && wait_until 20 heard "$work/server-$port.out" || status=1
	exec 8>&- 9>&-
	[ "$status" = 0 ] || kill "$asker"
	wait "$asker" && [ "$status" = 0 ] && cmp "$work/www/medium" "$work/client.out" && cmp "$work/www/medium" "$work/server-$port.out"
}

hellos_to()
{
	timeout $((60 * ${patience:-1})) tshark -r "$work/file.pcapng" -d "tcp.port==$1,tls" \
		-Y "tls.handshake.type == $2 && tcp.port == $1" 2>/dev/null | wc -l
}

start_keeping()
{
	READY=$work/kept client "$here/tls-peer" keep 10.98.0.1 8443 "$work/go" /small /medium &
	keeper=$!
	wait_until 20 test -e "$work/kept"
}

goes_on()
{
	touch "$work/go"
	wait "$keeper"
}

python_talks()
{
	client "$here/tls-peer" stream-client 10.98.0.1 8450 1 100 20000 1000000 &&
		client "$here/tls-peer" stream-client 10.98.0.1 8450 3000000
}

# Not faster than a busy machine follows: what is tested is that the length changes nothing.
downloads()
{
	head -c 24000000 /dev/urandom >"$work/www/large"
	chmod 644 "$work/www/large"
	fetched large curl -s --limit-rate 8M --cacert "$TLS_PKI/ca.pem" --http1.1 https://10.98.0.1:8443/large
}

backend=${backends%% *}
serve_nginx 8443 && serve_python 8450 stream-server
is "servers" $? 0
start_keeping
is "a connection that is there before pidtap" $? 0
tls_tap
openssl_talks 4432 -tls1_2 -tls1_2
is "openssl, TLS 1.2" $? 0
openssl_talks 4433 -tls1_3 -tls1_3
is "openssl, TLS 1.3" $? 0
openssl_talks 4434 "-tls1_3 -groups P-384" "-tls1_3 -groups X25519:P-384"
is "openssl, HelloRetryRequest" $? 0
ok "asyncio" python_talks
goes_on
is "the old connection goes on" $? 0
ok "a long download" downloads
tls_settle 4432 4433 4434 8443 8450
is "a HelloRetryRequest it was: ClientHellos" "$(hellos_to 4434 1)" 2
pair "openssl openssl" "$(all_good 3)"
pair "curl nginx" "$(all_good 1)"
pair "tls-peer tls-peer" "$(all_good 2)"
pair "tls-peer nginx" "connections=1 begun=0 decrypted=0 equal=1"
done_testing
