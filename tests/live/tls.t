#!/bin/bash
# TLS in clear: OpenSSL and GnuTLS programs talk; the key log has the lines the programs write themselves, tshark reads every
# connection in the file, and the plaintext is what was said, by whom and over which connection.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl gnutls-cli tshark editcap
live_begin

port=4433
versions=(1_2 1_3)

make_certificate()
{
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
}

server_listens()
{
	in_ns a ss -Hltn "sport = :$port" | grep -q .
}

# Answers each request with a page that names the version.
start_server()
{
	nsenter --net="$(ns_path a)" -- openssl s_server -key "$work/key.pem" -cert "$work/cert.pem" -accept "$port" -quiet \
		-www -keylogfile "$work/keys.server" >/dev/null 2>"$work/server.err" &
	server_pid=$!
	wait_until 10 server_listens
}

# The requests are told apart by their paths.
ask_openssl()
{
	printf 'GET /openssl-%s-%s HTTP/1.0\r\n\r\n' "$1" "$2" |
		nsenter --net="$(ns_path a)" -- timeout $((10 * ${patience:-1})) openssl s_client "-tls$1" -connect "$2:$port" -quiet -ign_eof \
			-keylogfile "$work/keys.client" >"$work/answer" 2>/dev/null
	grep -q 'HTTP/1.0 200' "$work/answer"
}

ask_gnutls()
{
	local version=1.${1#1_}
	printf 'GET /gnutls-%s HTTP/1.0\r\n\r\n' "$1" |
		SSLKEYLOGFILE=$work/keys.gnutls nsenter --net="$(ns_path a)" -- timeout $((10 * ${patience:-1})) gnutls-cli --insecure \
			--priority "NORMAL:-VERS-ALL:+VERS-TLS$version" -p "$port" 127.0.0.1 >"$work/answer" 2>&1
	grep -q 'HTTP/1.0 200' "$work/answer"
}

all_ask()
{
	local v
	for v in "${versions[@]}"; do
		ask_openssl "$v" 127.0.0.1 && ask_openssl "$v" '[::1]' && ask_gnutls "$v" || return
	done
}

# What the programs wrote themselves, each line once.
told_by_programs()
{
	cat "$work"/keys.* | grep -v '^#' | tr A-F a-f | sed 's/^[^ ]*/\U&/' | sort -u
}

# decrypted_paths FILE: of requests in the connections' own packets: the plaintext beside them needs no key. Wireshark 3.4 (Debian 11)
# has to be told that what it decrypted is HTTP.
decrypted_paths()
{
	timeout $((60 * ${patience:-1})) tshark -r "$1" -d "tcp.port==$port,tls" -d "tls.port==$port,http" \
		-Y 'http.request && frame.interface_name != "tls-plaintext"' -T fields -e http.request.uri 2>/dev/null | sort -u
}

asked_paths()
{
	local v
	for v in "${versions[@]}"; do
		printf '/%s\n' "gnutls-$v" "openssl-$v-127.0.0.1" "openssl-$v-[::1]"
	done | sort
}

# The line above what was written or read: its process and connection.
plaintext_of()
{
	grep -B1 -F "$(printf '\t%s' "$1")" "$work/text" | grep '^[0-9]'
}

ok "a certificate" make_certificate
for backend in $backends; do
	rm -f "$work"/keys.* "$work/file" "$work/log"
	tap_start a --backend "$backend" -i lo -w "$work/file" --keylog "$work/log" --plaintext
	is "$backend: listens" $? 0
	start_server
	is "$backend: a server" $? 0
	ok "$backend: connections" all_ask
	kill "$server_pid"
	tap_stop
	is "$backend: ends well" "$tap_status" 0
	is "$backend: the key log has the programs' own lines" "$(sort -u "$work/log" | sed 's/^[^ ]*/\U&/')" "$(told_by_programs)"
	is "$backend: each once" "$(sort "$work/log" | uniq -d)" ""
	is "$backend: nobody else may read it" "$(stat -c %a "$work/log")" 600
	is "$backend: every connection is decrypted" "$(decrypted_paths "$work/file")" "$(asked_paths)"
	ok "$backend: its keys can be taken out" editcap --discard-all-secrets "$work/file" "$work/file.mute"
	is "$backend: then none is" "$(decrypted_paths "$work/file.mute")" ""
	ok "$backend: the file is valid" file_is_valid "$work/file"
	like "$backend: who wrote a request, and over which connection" "$(plaintext_of 'GET /openssl-1_3-127.0.0.1 ')" \
		"proc openssl:[0-9]+, uid 0, fd [0-9]+\) 127\.0\.0\.1:[0-9]+-127\.0\.0\.1:$port TLS write [0-9]+ bytes"
	like "$backend: who wrote the answer, by a BIO with the connection in it (s_server -www)" \
		"$(plaintext_of 'HTTP/1.0 200' | grep ' TLS write ' | head -n 1)" \
		"proc openssl:$server_pid, uid 0, fd [0-9]+\) 127\.0\.0\.1:$port-127\.0\.0\.1:[0-9]+ TLS write [0-9]+ bytes"
	like "$backend: who read the answer" "$(plaintext_of 'HTTP/1.0 200' | grep ' TLS read ' | head -n 1)" \
		"proc openssl:[0-9]+, uid 0, fd [0-9]+\) 127\.0\.0\.1:$port-127\.0\.0\.1:[0-9]+ TLS read [0-9]+ bytes"
	like "$backend: over IPv6" "$(plaintext_of 'GET /openssl-1_2-[::1] ')" "\[::1\]:[0-9]+-\[::1\]:$port TLS write"
	like "$backend: GnuTLS" "$(plaintext_of 'GET /gnutls-1_3 ')" "proc gnutls-cli:[0-9]+, .*:$port TLS write [0-9]+ bytes"
done
done_testing
