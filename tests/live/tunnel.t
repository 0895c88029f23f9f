#!/bin/bash
# A tunnel's outer packets are the kernel's: they carry the inner socket and must not be named after it. The inner ones are
# right, from the first one on.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
# a's outer packets over IPv4 leave from port 40000, which an inner socket has, too
in_ns a ip link add vx4 type vxlan id 4 local 10.98.0.1 remote 10.98.0.2 dstport 4789 srcport 40000 40001 2>/dev/null ||
	skip_all "kernel lacks CONFIG_VXLAN"
in_ns b ip link add vx4 type vxlan id 4 local 10.98.0.2 remote 10.98.0.1 dstport 4789
in_ns a ip link add vx6 type vxlan id 6 local fd98::1 remote fd98::2 dstport 4790
in_ns b ip link add vx6 type vxlan id 6 local fd98::2 remote fd98::1 dstport 4790
for end in a=1 b=2; do
	for family in 4 6; do
		in_ns ${end%=*} ip link set vx$family up
		in_ns ${end%=*} ip address add 10.9$family.0.${end#*=}/24 dev vx$family
		in_ns ${end%=*} ip address add fd9$family::${end#*=}/64 dev vx$family nodad
	done
done

# Inside: both families over each.
inner_traffic()
{
	local net
	for net in 4 6; do
		exchange b a tcp 10.9$net.0.2 && exchange a b tcp fd9$net::1 && exchange b a udp 10.9$net.0.2 &&
			exchange b a udp fd9$net::2 --connected && exchange a b udp 10.9$net.0.1 &&
			ping_from a 10.9$net.0.2 && ping_from a fd9$net::2 || return
	done
	exchange b a udp 10.94.0.2 --bind 10.94.0.1 --bind-port 40000 --connected &&
		exchange b a tcp 10.94.0.2 --bind 10.94.0.1 --bind-port 40000
}

# Who the outer packets are said to belong to.
outer_owners()
{
	sed -nE "/\.47(89|90): /s/^[^(]*\(veth0, proc ([^,]*:)?([0-9?]+).*, $1\) .*/\2/p" "$work/text" | sort -u
}

for backend in $backends; do
	truth_clear
	tap_start a --backend "$backend" -i any
	is "$backend: listens" $? 0
	ok "$backend: traffic in the tunnels" inner_traffic
	tap_stop
	ok "$backend: outer packets of a socket's own port" grep -q '(veth0, .*10.98.0.1.40000 > 10.98.0.2.4789: ' "$work/text"
	is "$backend: the outer packets that leave are nobody's" "$(outer_owners out)" "?"
	is "$backend: and those that come in" "$(outer_owners in)" "?"
	sed -i '/(vx/!d' "$work/text"
	ok "$backend: every inner packet names its process" judge
done
done_testing
