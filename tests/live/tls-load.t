#!/bin/bash
# Many connections: 200 new ones a second for 20 seconds, half of them to nginx, half to Apache, whose processes share a listener.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark nginx apache2 /usr/bin/python3
tls_begin
each=2000
rate=100

# At that rate, where the machine is fast enough; what is tested is that none is missed.
connect_all()
{
	client "$here/tls-peer" load 10.98.0.1 8443 "$each" "$rate" 10000 >"$work/rate.1" &
	local other=$!
	client "$here/tls-peer" load 10.98.0.1 8445 "$each" "$rate" $((10000 + each)) >"$work/rate.2" && wait "$other"
}

# "CONNECTIONS BEGUN-AND-READ": ClientHellos, and those of them of which tshark reads request and answer
http_share()
{
	timeout $((120 * ${patience:-1})) tshark -r "$work/file.pcapng" -d tcp.port==8443,tls -d tcp.port==8445,tls \
		-Y 'tls.handshake.type == 1 || http' -T fields -e tcp.stream -e tls.handshake.type -e http.request.uri \
		-e http.response.code 2>/dev/null |
		awk -F '\t' '$2 ~ /^1/ { hello[$1] } $3 { ask[$1] } $4 == 200 { answer[$1] }
			END { for (s in hello) { n++; read += s in ask && s in answer } print n + 0, read + 0 }'
}

backend=${backends%% *}
serve_nginx 8443 && serve_apache 8445 prefork
is "servers" $? 0
tls_tap
ok "connections" connect_all
diag "$backend: $(cat "$work/rate.1") + $(cat "$work/rate.2") connections a second"
tls_stop
is "$backend: begun, and decrypted" "$(http_share)" "$((2 * each)) $((2 * each))"
tls_streams
: >"$work/decrypted"
ok "$backend: plaintext, every connection" tls_judge
diag "$backend: $(cat "$work/table")"
pair "tls-peer nginx" "connections=$each begun=0 decrypted=0 equal=$each"
pair "tls-peer apache2" "connections=$each begun=0 decrypted=0 equal=$each"
done_testing
