#!/bin/bash
# TLS in the kernel (kTLS): OpenSSL hands over its keys after the handshake, and files leave by SSL_sendfile without passing the program.
# Calls and their connection are told all the same, the bytes of a file are said to be in it, and the packets are decrypted.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark curl
modprobe -q tls 2>/dev/null
grep -qsw tls /proc/sys/net/ipv4/tcp_available_ulp || skip_all "kernel lacks CONFIG_TLS"
if ! openssl s_server -help 2>&1 | grep -q -- '-ktls '; then
	like "Debian 11 and 12 build OpenSSL without it, later ones must have it" "$(openssl version)" '^OpenSSL (1\.|3\.0\.)'
	done_testing
	exit
fi
tls_begin

serve_files()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	serve "$1" server sh -c 'cd "$1/www" && exec openssl s_server -accept "$2" -WWW -ktls -sendfile "$3" -key "$1/pki/key.pem" -cert "$1/pki/cert.pem"' \
		sh "$work" "$1" "$2"
}

fetches()
{
	fetched medium curl -s --cacert "$TLS_PKI/ca.pem" --http0.9 "https://10.98.0.1:$1/medium"
}

# Connections of which it had the keys, up to now.
tls_in_kernel()
{
	awk '$1 ~ /^Tls(Tx|Rx)(Sw|Device)$/ { n += $2 } END { print n }' <(in_ns a cat /proc/net/tls_stat)
}

# written PORT [WHAT]: bytes that the server's calls told of, over the connection to its port; those that say WHAT only
written()
{
	sed -n "s/^[0-9].*(proc openssl:[0-9]*, .*) 10\.98\.0\.1:$1-.* TLS write \([0-9]*\) bytes${2:-.*}\$/\1/p" "$work/text" |
		awk '{ n += $1 } END { print n + 0 }'
}

backend=${backends%% *}
size=$(stat -c %s "$work/www/medium")
port=4440
for version in -tls1_2 -tls1_3; do
	before=$(tls_in_kernel)
	serve_files "$port" "$version"
	is "$version: a server" $? 0
	tls_tap
	is "$version: listens" $? 0
	ok "$version: a file is fetched" fetches "$port"
	ok "$version: the kernel encrypted it" [ "$(tls_in_kernel)" -gt "$before" ]
	tls_stop
	is "$version: the file's bytes are told of, with process and connection" "$(written "$port" ", of a file")" "$size"
	is "$version: all that was written is decrypted" "$(decrypted_of 10.98.0.1 "$port")" "$(written "$port")"
	port=$((port + 1))
done
done_testing
