# What the TLS tests with real programs share: certificates, servers, and the judges. Sourced behind lib.sh.
# shellcheck shell=bash
#
#   tls_begin                live_begin, certificates in $TLS_PKI, files to serve in $work/www
#   serve PORT NAME CMD...   a server in namespace a, until it listens; ended by tls_stop. Not in a subshell, as within `ok`.
#   serve_nginx PORT         nginx with $work/www
#   serve_apache PORT MPM    Apache likewise, MPM event or prefork
#   serve_python PORT ROLE   tls-peer
#   client CMD...            in namespace b, bounded in time
#   tls_tap OPTIONS...       pidtap on veth0 of a: text $work/text, file $work/file.pcapng
#   tls_settle PORT...       pidtap ends; then the judges' opinion is in $work/table
#
# The packets are those of veth0, so that each is there once; the plaintext is that of both ends.

here=$top/tests/live
servers=()

# Where a program is that is no user's: /usr/sbin is not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

tls_begin()
{
	live_begin
	work_for_all
	export TLS_PKI=$work/pki TLS_TRUTH=$work/tls-truth READY=
	mkdir "$TLS_PKI" "$work/www"
	echo small >"$work/www/small"
	# without letters: what openssl s_client reads may begin with Q, and then it quits (s_client(1), connected commands)
	head -c 300000 /dev/urandom | LC_ALL=C tr 'A-Za-z' '\200-\263' >"$work/www/medium"
	chmod 755 "$TLS_PKI" "$work/www"
	: >"$TLS_TRUTH"
	ok "certificates" make_pki
}

# Servers drop root; nothing in it is secret.
work_for_all()
{
	chmod 755 "$work"
}

make_key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$1" && chmod 644 "$1"
}

make_pki()
{
	(
		cd "$TLS_PKI" && make_key ca.key && make_key key.pem &&
			openssl req -x509 -new -key ca.key -out ca.pem -days 2 -subj /CN=pidtap-test-ca \
				-addext keyUsage=critical,keyCertSign &&
			openssl req -new -key key.pem -out csr.pem -subj /CN=localhost &&
			openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile <(
				printf 'subjectAltName=DNS:localhost,IP:10.98.0.1\nbasicConstraints=CA:FALSE\n'
				printf 'authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n'
			)
	)
}

port_listens()
{
	in_ns a ss -Hltn "sport = :$1" | grep -q .
}

serve()
{
	local port=$1 name=$2
	shift 2
	nsenter --net="$(ns_path a)" -- "$@" >"$work/$name.out" 2>"$work/$name.err" &
	servers+=($!)
	wait_until 20 port_listens "$port" && return
	diag "$name does not listen: $(tail -n 5 "$work/$name.err")"
	return 1
}

# nginx_config PORT: $work/www, by HTTP/1.1 and HTTP/2
nginx_config()
{
	cat <<-END
		daemon off;
		worker_processes 1;
		pid $work/nginx.pid;
		error_log $work/nginx.log;
		events { worker_connections 256; }
		http {
			access_log off;
			client_body_temp_path $work/nginx.tmp;
			proxy_temp_path $work/nginx.tmp;
			fastcgi_temp_path $work/nginx.tmp;
			uwsgi_temp_path $work/nginx.tmp;
			scgi_temp_path $work/nginx.tmp;
			server {
				listen $1 ssl http2;
				ssl_certificate $TLS_PKI/cert.pem;
				ssl_certificate_key $TLS_PKI/key.pem;
				root $work/www;
			}
		}
	END
}

serve_nginx()
{
	nginx_config "$1" >"$work/nginx.conf" && serve "$1" nginx nginx -c "$work/nginx.conf"
}

# apache_config PORT MPM: HTTP/2 needs one with threads
apache_config()
{
	local modules=/usr/lib/apache2/modules module
	cat <<-END
		ServerName localhost
		PidFile $work/apache-$2.pid
		ErrorLog $work/apache-$2.log
		DefaultRuntimeDir $work
		Mutex posixsem
		Listen $1
		User nobody
		Group nogroup
		StartServers 3
		LoadModule mpm_$2_module $modules/mod_mpm_$2.so
	END
	for module in authz_core ssl http2 socache_shmcb; do
		printf 'LoadModule %s_module %s/mod_%s.so\n' "$module" "$modules" "$module"
	done
	cat <<-END
		DocumentRoot $work/www
		SSLEngine on
		SSLCertificateFile $TLS_PKI/cert.pem
		SSLCertificateKeyFile $TLS_PKI/key.pem
		$([ "$2" = prefork ] || echo Protocols h2 http/1.1)
	END
}

# When it ends, it kills its process group.
serve_apache()
{
	apache_config "$@" >"$work/apache-$2.conf" && serve "$1" "apache-$2" setsid apache2 -D FOREGROUND -f "$work/apache-$2.conf"
}

# serve_python PORT ROLE [ARG...]: tls-peer as a server
serve_python()
{
	local port=$1 role=$2
	shift 2
	READY=$work/ready serve "$port" "$role-$port" "$here/tls-peer" "$role" "$port" "$@"
}

server_is_over()
{
	! process_runs "$1"
}

servers_stop()
{
	local pid
	for pid in "${servers[@]}"; do
		kill -TERM "$pid" 2>/dev/null
		wait_until 20 server_is_over "$pid" || kill -KILL "$pid"
		wait "$pid"
	done 2>/dev/null
	servers=()
}

client()
{
	in_ns b timeout $((60 * ${patience:-1})) "$@"
}

# What a client fetched is what was served.
fetched()
{
	local file=$1
	shift
	client "$@" >"$work/fetched" && cmp "$work/www/$file" "$work/fetched"
}

# The buffers hold all that a test says, so that a busy machine loses nothing.
tls_tap()
{
	: >"$TLS_TRUTH"
	tap_start a --backend "$backend" -i veth0 -w "$work/file.pcapng" --plaintext -X --buffer-size 64M "$@"
}

lost_nothing()
{
	local lost='owner records lost|plaintext lost|cut short|not told of|TLS secrets|records not understood'
	[[ $(grep ' packets captured ' "$work/err") == *', 0 lost'* ]] && ! grep -E "$lost" "$work/err"
}

# Of each server and its children whether the kernel made a page for their uprobes: 0 if none was ever hit. For who looks into a failure.
servers_note()
{
	local pid
	for pid in "${servers[@]}" $(pgrep -P "$(IFS=,; echo "${servers[*]}")"); do
		echo "$(cat "/proc/$pid/comm"):$pid uprobes=$(grep -c '\[uprobes\]' "/proc/$pid/maps")"
	done >"$work/servers" 2>/dev/null
}

# Servers first, so that what they have to say of their connections is said.
tls_stop()
{
	servers_note
	servers_stop
	tap_stop
	is "$backend: pidtap ends well" "$tap_status" 0
	ok "$backend: nothing is lost" lost_nothing
}

# tls_settle PORT[,PROTOCOL]...
tls_settle()
{
	tls_opinion "$@"
	ok "$backend: decrypted and equal, every connection" [ "$verdict" = 0 ]
}

# The judges' opinion alone, $verdict the status.
tls_opinion()
{
	tls_stop
	tls_streams
	"$here/followed" "$work/file.pcapng" "$@" >"$work/decrypted"
	tls_judge
	verdict=$?
	diag "$backend: $(cat "$work/table")"
}

tls_streams()
{
	rm -rf "$work/plain" && mkdir "$work/plain"
	"$here/plain-streams" --of 10.98.0. --dir "$work/plain" "$work/text" >"$work/streams"
}

tls_judge()
{
	"$here/tls-judge" "$work/streams" "$work/plain" "$work/decrypted" "$TLS_TRUTH" >"$work/table" 2>"$work/why" && return
	diag "$(cat "$work/why")"
	diag "servers: $(xargs <"$work/servers"); lines of unknown connections: $(grep -c ' 0\.0\.0\.0:0-.* TLS ' "$work/text")"
	diag "$(tail -n 5 "$work/err")"
	return 1
}

# decrypted_of ADDRESS PORT: bytes of application data the server there sent, as tshark decrypts them
decrypted_of()
{
	"$here/followed" "$work/file.pcapng" "$2" | awk -v from="$1:$2-" 'index($1, from) == 1 { n += $2 } END { print n + 0 }'
}

# pair NAMES WANT: the line of the table of two programs
pair()
{
	is "$backend: $1" "$(grep "^$1 " "$work/table")" "$1 $2"
}

all_good()
{
	echo "connections=$1 begun=$1 decrypted=$1 equal=$1"
}
