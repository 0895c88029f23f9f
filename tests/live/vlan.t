#!/bin/bash
# 802.1Q: a tag in the frame, a tag the kernel keeps in skb metadata, and a VLAN interface. All are in the file as on a wire.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark tcpdump

mac_of()
{
	in_ns "$1" ip -o link show dev veth0 | sed -n 's/.*link\/ether \([^ ]*\).*/\1/p'
}

send_tagged()
{
	peer_in a send-raw --iface veth0 --dest-mac "$(mac_of b)" --vlan 7 --addr 10.98.0.2 --port 9 --repeat 3 --bytes 50
}

# The last backend's files stay for the comparison with tcpdump.
for backend in $backends; do
	for ns in a b; do
		truth_clear
		file=$work/$ns.pcapng
		tap_start "$ns" --backend "$backend" -i veth0 -w "$file" --print
		is "$backend, $ns: listens" $? 0
		ok "$backend, $ns: tagged frames" send_tagged
		tap_stop
		is "$backend, $ns: three frames, tag and payload whole" \
			"$(fields "$file" vlan.id ip.dst udp.length frame.len | grep ^7)" \
			"$(printf '7\t10.98.0.2\t58\t%d\n' 96 96 96)"
		is "$backend, $ns: tcpdump matches the tag" \
			"$(timeout 60 tcpdump -n -r "$file" vlan 7 2>/dev/null | wc -l)" 3
		[ "$ns" = b ] || ok "$backend: on the way out they name the socket's process" judge
	done
done

if in_ns a ip link add link veth0 name vlan5 type vlan id 5 2>/dev/null &&
	in_ns b ip link add link veth0 name vlan5 type vlan id 5; then
	for end in a=1 b=2; do
		in_ns "${end%=*}" ip address add "10.97.0.${end#*=}/24" dev vlan5
		in_ns "${end%=*}" ip link set vlan5 up
	done
	for backend in $backends; do
		truth_clear
		file=$work/vlan5.pcapng
		tap_start a --backend "$backend" -i veth0 -w "$file" --print
		is "$backend: VLAN interface: listens" $? 0
		ok "$backend: VLAN interface: TCP" exchange a b tcp 10.97.0.1
		ok "$backend: VLAN interface: UDP" exchange b a udp 10.97.0.2
		tap_stop
		ok "$backend: VLAN interface: every packet names its process" judge
		is "$backend: VLAN interface: every IP packet is tagged in the file" \
			"$(fields "$file" vlan.id ip.version | grep -w 4 | sort -u)" "$(printf '5\t4')"
	done
else
	skip "VLAN interface" "kernel lacks CONFIG_VLAN_8021Q"
fi
done_testing
