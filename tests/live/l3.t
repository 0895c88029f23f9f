#!/bin/bash
# A device without link-layer header (tun): captured, attributed, and with a synthetic Ethernet header in the file.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark
[ -c /dev/net/tun ] || modprobe -q tun 2>/dev/null || skip_all "kernel lacks CONFIG_TUN"

# It joins both namespaces and is killed with them.
peer_command a tun-link --iface tun0 --peer-netns "$(ns_path b)" --ready "$work/tun.ready"
"${peer_command[@]}" &
disown # or bash would report how it ended
wait_until 5 test -e "$work/tun.ready" || { echo "Bail out! no tun device"; exit 1; }
for end in a=1 b=2; do
	in_ns "${end%=*}" ip address add "10.99.0.${end#*=}/24" dev tun0
	in_ns "${end%=*}" ip address add "fd99::${end#*=}/64" dev tun0 nodad
	in_ns "${end%=*}" ip link set tun0 up
done

tun_traffic()
{
	exchange a b tcp 10.99.0.1 && exchange b a tcp fd99::2 && exchange a b udp 10.99.0.1 &&
		exchange b a udp fd99::2 --connected
}

for backend in $backends; do
	for iface in tun0 any; do
		truth_clear
		file=$work/$backend-$iface.pcapng
		tap_start a --backend "$backend" -i "$iface" -w "$file" --print
		is "$backend, -i $iface: listens" $? 0
		ok "$backend, -i $iface: traffic" tun_traffic
		tap_stop
		ok "$backend, -i $iface: every packet names its process" judge
		ok "$backend, -i $iface: a valid file" file_is_valid "$file"
		# older tshark writes 0x00000800
		is "$backend, -i $iface: Ethernet, with the type of what follows" \
			"$(fields "$file" frame.encap_type eth.type ip.src ipv6.src |
				awk -F '\t' '{ sub(/x0+/, "x", $2); print $1, $2, $3 != "", $4 != "" }' | sort -u | xargs)" \
			"1 0x800 1 0 1 0x86dd 0 1"
	done
done
done_testing
