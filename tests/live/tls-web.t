#!/bin/bash
# TLS of web servers and their clients, by the programs people use: tshark decrypts every connection that began after pidtap, and the
# plaintext is what was sent and received, byte for byte.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark curl wget nginx apache2 /usr/bin/python3
/usr/bin/python3 -c 'import requests' 2>/dev/null || skip_all "python3-requests is not installed (tools/install-deps check)"
tls_begin

start_servers()
{
	serve_nginx 8443 &&
		serve_apache 8444 event &&
		serve_apache 8445 prefork &&
		serve_python 8446 http-server "$work/www"
}

# curl asks for both files over one connection each time.
curl_fetches()
{
	local version
	for version in "$@"; do
		fetched small curl -s --cacert "$TLS_PKI/ca.pem" "--$version" "$url/small" &&
			fetched medium curl -s --cacert "$TLS_PKI/ca.pem" "--$version" "$url/medium" || return
	done
}

wget_fetches()
{
	fetched small wget -q --ca-certificate "$TLS_PKI/ca.pem" -O - "$url/small" &&
		fetched medium wget -q --ca-certificate "$TLS_PKI/ca.pem" -O - "$url/medium"
}

# python_fetches urllib|requests: prints the checksums of what it got
python_fetches()
{
	client "$here/tls-peer" "$1" "$url/small" "$url/medium" >"$work/fetched" &&
		cmp "$work/fetched" <(cd "$work/www" && sha256sum small medium | cut -d ' ' -f 1)
}

backend=${backends%% *}
start_servers
is "servers" $? 0
tls_tap
url=https://10.98.0.1:8443
ok "curl from nginx" curl_fetches http1.1 http2
ok "wget from nginx" wget_fetches
ok "urllib from nginx" python_fetches urllib
ok "requests from nginx" python_fetches requests
url=https://10.98.0.1:8444
ok "curl from Apache" curl_fetches http1.1 http2
ok "wget from Apache" wget_fetches
url=https://10.98.0.1:8445
ok "curl from Apache, prefork" curl_fetches http1.1
ok "wget from Apache, prefork" wget_fetches
url=https://10.98.0.1:8446
ok "curl from http.server" curl_fetches http1.1
ok "wget from http.server" wget_fetches
ok "urllib from http.server" python_fetches urllib
ok "requests from http.server" python_fetches requests
tls_settle 8443 8444 8445 8446
pair "curl nginx" "$(all_good 4)"
pair "wget nginx" "$(all_good 2)"
pair "tls-peer nginx" "$(all_good 3)"
pair "curl apache2" "$(all_good 6)"
pair "wget apache2" "$(all_good 4)"
pair "curl tls-peer" "$(all_good 2)"
pair "wget tls-peer" "$(all_good 2)"
pair "tls-peer tls-peer" "$(all_good 4)"
done_testing
