#!/bin/bash
# Connections that begin in clear and become TLS: SMTP and PostgreSQL.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark psql /usr/bin/python3
shopt -s nullglob
postgres=(/usr/lib/postgresql/*/bin/postgres)
shopt -u nullglob
[ "${#postgres[@]}" -gt 0 ] || skip_all "postgresql is not installed (tools/install-deps check)"
pg_bin=${postgres[-1]%/*}
tls_begin

# It refuses to be root.
as_nobody()
{
	setpriv --reuid=nobody --regid=nogroup --clear-groups -- env HOME="$work/pg" LC_ALL=C "$@"
}

make_database()
{
	install -d -o nobody -g nogroup -m 700 "$work/pg" &&
		install -o nobody -g nogroup -m 600 "$TLS_PKI/key.pem" "$work/pg/key.pem" &&
		as_nobody "$pg_bin/initdb" -D "$work/pg/data" -U nobody -A trust --no-sync &&
		echo 'hostssl all all 10.98.0.0/24 trust' >>"$work/pg/data/pg_hba.conf"
}

start_servers()
{
	serve_python 2525 smtp-server || return
	serve 5432 postgres setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$pg_bin/postgres" -D "$work/pg/data" \
		-c listen_addresses=10.98.0.1 -c unix_socket_directories= -c fsync=off \
		-c ssl=on -c ssl_cert_file="$TLS_PKI/cert.pem" -c ssl_key_file="$work/pg/key.pem"
}

# Answers of several records, a connection for each.
ask_database()
{
	local n
	for n in 1 2 3; do
		client psql -XAtq -c "select repeat('plain', $n * 10000)" \
			"host=localhost hostaddr=10.98.0.1 user=nobody dbname=postgres sslmode=verify-full sslrootcert=$TLS_PKI/ca.pem" >"$work/answer" &&
			[ "$(cat "$work/answer")" = "$(printf 'plain%.0s' $(seq $((n * 10000))))" ] || return
	done
}

send_mail()
{
	local n
	for n in 100 100000 300000; do
		client "$here/tls-peer" smtp-client 10.98.0.1 2525 "$n" || return
	done
}

openssl_says_helo()
{
	client sh -c 'printf "EHLO me\r\nQUIT\r\n" | openssl s_client -starttls smtp -connect 10.98.0.1:2525 -quiet -crlf -CAfile "$1"' \
		sh "$TLS_PKI/ca.pem" 2>/dev/null | grep -q '221 bye'
}

backend=${backends%% *}
ok "a database" make_database
start_servers
is "servers" $? 0
tls_tap
ok "mail" send_mail
ok "mail by hand" openssl_says_helo
ok "queries" ask_database
tls_settle 2525,smtp 5432,pgsql
pair "tls-peer tls-peer" "$(all_good 3)"
pair "openssl tls-peer" "$(all_good 1)"
pair "psql postgres" "$(all_good 3)"
done_testing
