#!/bin/bash
# A long download over the loopback, whose packets are longer than the kernel's records: were a byte of one missing or wrong, nothing
# behind it could be decrypted.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/tls-lib.sh
. "$(dirname "$0")/tls-lib.sh"
need openssl tshark curl nginx
tls_begin
port=8443
size=8000000
head -c "$size" /dev/urandom >"$work/www/large"
chmod 644 "$work/www/large"

downloads()
{
	in_ns a timeout $((60 * ${patience:-1})) curl -s --insecure --http1.1 "https://127.0.0.1:$port/large" >"$work/fetched" &&
		cmp "$work/www/large" "$work/fetched"
}

longer_than_a_record()
{
	tshark -r "$work/file.pcapng" -Y 'frame.len > 65340' 2>/dev/null | wc -l
}

for backend in $backends; do
	serve_nginx "$port"
	is "$backend: nginx" $? 0
	tap_start a --backend "$backend" -i lo -w "$work/file.pcapng" --buffer-size 64M
	is "$backend: listens" $? 0
	ok "$backend: a download" downloads
	tls_stop
	ok "$backend: some packets are longer than a record" [ "$(longer_than_a_record)" -gt 0 ]
	decrypted=$(decrypted_of 127.0.0.1 "$port")
	ok "$backend: all of it is decrypted, headers and $size bytes ($decrypted)" [ "$decrypted" -gt "$size" ]
done
done_testing
