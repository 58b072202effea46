#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest image and its agent under plain QEMU: every kind of event, every
# way to start a sample, every way in which a run ends, and floods.
set -u
O=${O:-build}
image=$O/vm-images/debian-12
ctl=$O/tests/e2e/guestctl
work=$(mktemp -d "${TMPDIR:-/tmp}/loep-guest.XXXXXX")
qemu=
count=0
clean() {
	[ -z "$qemu" ] || { kill "$qemu"; wait "$qemu"; } 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		tail -n 40 "$work/out" 2>/dev/null | cut -c1-400 | sed 's/^/# /'
	fi
}
# has TEXT NAME: a line of the last run matches the expression
has() {
	grep -qE "$1" "$work/out"
	ok $? "$2"
}
hmp() {
	python3 - "$work/monitor" "$1" <<-'EOF'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	def prompt():
	    seen = b""
	    while not seen.endswith(b"(qemu) "):
	        seen += s.recv(4096)
	    return seen
	prompt()
	s.sendall(sys.argv[2].encode() + b"\n")
	sys.stdout.buffer.write(prompt())
	EOF
}
boot() {
	local profile cmdline

	profile=$image/profile.conf
	cmdline=$(sed -n 's/^cmdline = //p' "$profile")
	qemu-img create -q -f qcow2 -F qcow2 \
	    -b "$(readlink -f "$image/disk.qcow2")" "$work/disk.qcow2"
	qemu-system-x86_64 -machine q35,accel=tcg -cpu Nehalem -smp 2 -m 512 \
	    -nodefaults -display none -no-reboot \
	    -kernel "$image/vmlinuz" -initrd "$image/initrd.img" \
	    -append "$cmdline" \
	    -drive "file=$work/disk.qcow2,if=virtio,format=qcow2,cache=unsafe" \
	    -device virtio-serial-pci \
	    -chardev "socket,id=c,path=$work/port,server=on,wait=off" \
	    -device virtserialport,chardev=c,name=org.loep.agent \
	    -netdev user,id=n,restrict=on,net=10.77.0.0/24,host=10.77.0.254 \
	    -device virtio-net-pci,netdev=n -serial "file:$work/console" \
	    -monitor "unix:$work/monitor,server=on,wait=off" \
	    >"$work/qemu" 2>&1 &
	qemu=$!
	for _ in $(seq 100); do
		[ -S "$work/port" ] && break
		sleep 0.1
	done
}
# run ARGUMENT...: one sample in the guest as it was after boot
run() {
	hmp 'loadvm clean' >/dev/null
	rm -rf "$work/files"
	mkdir "$work/files"
	timeout 300 "$ctl" "$work/port" run -d "$work/files" "$@" \
	    >"$work/out" 2>&1
}
# number KEY TYPE: value of a key in the only frame of that type
number() {
	sed -n "s/^$2 .*\b$1=\([0-9]*\).*/\1/p" "$work/out" | head -n 1
}

if [ ! -f "$image/manifest.json" ]; then
	echo "1..0 # skipped: no guest image, run make image"
	exit 0
fi
python3 -c '
import hashlib, json, sys
m = json.load(open(sys.argv[1] + "/manifest.json"))
for k in ("image", "kernel", "initrd"):
    d = hashlib.sha256(open(sys.argv[1] + "/" + m[k]["file"], "rb").read())
    assert d.hexdigest() == m[k]["sha256"], k
assert len(m["packages"]) > 50
assert any(p["name"] == "systemd" for p in m["packages"])
' "$image"
ok $? "the manifest tells the truth about the files"

boot
timeout 300 "$ctl" "$work/port" ready >"$work/out" 2>&1
ok $? "the agent answers"
echo "# ready after $(sed -n 's/^READY_AFTER_MS //p' "$work/out") ms"
has '^READY .*PROBE_ON="on_exec"' "its BPF programs run"
! grep -q 'PROBE_OFF' "$work/out"
ok $? "none of them is missing"
hmp 'savevm clean' >/dev/null

# --- everything that a sample does
run -n 'the sample' -t 60 -o "$work/trace" "$O/tests/e2e/guest/activity" attack
has '^STARTED .*PATH="/root/the sample"' "an ELF program is started by its name"
has '^EXITED .*STATUS=1792' "its exit status arrives"
has '^DONE CAUSE=1 ' "the run ends when the tree has ended"
has 'CONSOLE STREAM=1 .*activity begins with 1 arg' "standard output arrives"
has 'CONSOLE STREAM=2 .*error output' "standard error arrives"
ev() {
	has "^EVENT $1 .*FLAGS=(1|3|33) .*$2" "$3"
}
ev exec 'PATH="/root/the sample" .*ARGV="/root/the sample\\x00attack\\x00"' 'exec of the sample with its argument'
ev exec 'PATH="/usr/bin/dash" .*ARGV="sh\\x00-c\\x00echo child of activity; exit 4\\x00"' 'exec of a child with its arguments'
ev exec 'ENVP=.*LOEP_TEST=1' 'exec with environment'
ev exec 'CWD="/root"' 'exec with working directory'
ev fork 'OTHER_PID=' 'fork'
ev exit 'STATUS=1024' 'exit of the child with status 4'
ev file_create 'PATH="/etc/cron.d/loep-test"' 'a cron job'
ev file_create 'PATH="/etc/systemd/system/loep-test.service"' 'a systemd unit'
ev file_create 'PATH="/root/.ssh/authorized_keys"' 'an authorized key'
ev file_written 'SIZE=42 PATH="/etc/cron.d/loep-test"' 'its close with the size'
ev file_mode 'MODE=493 .*PATH="/usr/local/bin/loep-test"' 'chmod'
ev file_owner 'NEW_UID=1000 NEW_GID=1000 PATH="/usr/local/bin/loep-test"' 'chown'
ev file_symlink 'PATH="/root/loep-link" TARGET="/etc/passwd"' 'symlink'
ev file_link 'PATH="/etc/cron.d/loep-test" TARGET="/etc/cron.d/loep-test2"' 'link'
ev file_delete 'PATH="/tmp/loep-secret"' 'unlink'
ev file_rename 'PATH="/var/tmp/loep-before" TARGET="/var/tmp/loep-after"' 'rename'
ev file_truncate 'PATH="/var/tmp/loep-after"' 'truncate'
ev file_read 'PATH="/etc/shadow"' 'reading of a secret'
ev dir_create 'PATH="/tmp/loep-dir"' 'mkdir'
ev dir_delete 'PATH="/tmp/loep-dir"' 'rmdir'
ev file_node 'PATH="/tmp/loep-fifo"' 'mkfifo'
ev file_delete 'PATH="/root/the sample"' 'the sample deletes itself'
ev dns_query 'REMOTE_PORT=53 .*REMOTE_ADDRESS="\\x0aM\\x00\\x01" DNS_NAME="update.example.com" DNS_TYPE=1' 'DNS question'
ev connect 'FAMILY=2 PROTOCOL=6 .*REMOTE_PORT=80 ' 'connect'
ev bind 'LOCAL_PORT=4444' 'bind'
ev listen 'LOCAL_PORT=4444' 'listen'
ev accept 'LOCAL_PORT=4444 .*REMOTE_ADDRESS="\\x7f' 'accept'
ev socket 'FAMILY=2 PROTOCOL=1' 'raw socket'
ev memory_exec 'LENGTH=8192 PROTECTION=7' 'writable executable memory'
ev memory_exec 'LENGTH=4096 PROTECTION=5' 'memory made executable'
ev memfd 'NAME="memfd:loep-memory"' 'memfd_create'
ev exec 'PATH="/memfd:loep-memory" .*ARGV="in-memory' 'exec from memory'
ev prctl 'OPTION=15 NAME="kworker/u8:3"' 'a process disguises itself'
ev memory_write 'OTHER_PID=' 'process_vm_writev'
ev ptrace 'SYSCALL=101 .*OTHER_PID=' 'ptrace'
ev kill 'SIGNAL=15' 'kill'
ev namespace 'OPTION=131072' 'unshare'
ev mount 'PATH="/tmp/loep-mount" FSTYPE="tmpfs"' 'mount'
ev unmount 'PATH="/tmp/loep-mount"' 'umount'
ev module '' 'module load'
ev set_uid 'NEW_UID=1000' 'setuid'
ev set_gid 'NEW_GID=1000' 'setgid'
ev bpf 'OPTION=12' 'bpf'
ev agent_attack 'SIGNAL=9' 'SIGKILL for the agent is refused'
ev agent_attack 'SIGNAL=19' 'SIGSTOP for the agent is refused'
ev agent_attack 'PATH="/proc/sys/kernel/ftrace_enabled"' 'the probes cannot be switched off'
ev agent_attack 'PATH="/proc/sysrq-trigger"' 'nor everything killed at once'
has 'attach -1' 'the agent cannot be traced'
has 'open -1' "the agent's maps cannot be opened"
has 'FILE_BEGIN PATH="/tmp/loep-secret" REASON=2 ' 'a deleted file is collected'
has 'FILE_BEGIN PATH="/var/tmp/loep-after" TARGET="/var/tmp/loep-before" REASON=3' 'a renamed file is collected'
has 'FILE_BEGIN PATH="/memfd:loep-memory" REASON=4' 'the memory file is collected'
has 'FILE_BEGIN PATH="/etc/cron.d/loep-test" REASON=1' 'a written file is collected'
grep -q 'deleted before the end' "$work"/files/*
ok $? "the deleted file's content is there"
has '^STREAM .*malformed=0 skipped=0 gaps=0' "the stream is whole"
! grep -q '^LOST' "$work/out"
ok $? "nothing was lost"
"$ctl" - decode "$work/trace" >"$work/out" 2>&1
has '^DONE CAUSE=1 ' "the stored trace explains itself: its end"
has '^READY VERSION=1' "the stored trace explains itself: its beginning"
head -c 20000 "$work/trace" >"$work/cut"
"$ctl" - decode "$work/cut" >"$work/out" 2>&1
has 'malformed=1 ' "a trace that was cut is decoded up to there"

# --- ways to start
printf '#!/bin/bash\necho "script $0 $1 $(id -u)"; exit 3\n' >"$work/s"
run -n s.sh -t 30 "$work/s" one
has 'script /root/s.sh one 0' "a script runs by its #! line"
has '^EXITED .*STATUS=768' "the script's status arrives"
run -n s.sh -t 30 -u 1000 "$work/s" one
has 'script /home/user/s.sh one 1000' "a script runs as an ordinary user"
printf 'import os, sys\nprint("python", os.getuid(), sys.argv[1:])\n' >"$work/s"
run -n 'invoice' -t 30 "$work/s"
has 'python 0 ' "a script without #! and extension runs by its content"
printf 'print "perl ", 6 * 7, "\\n";' >"$work/s"
run -n x -i perl -t 30 "$work/s"
has 'perl 42' "an interpreter that was asked for is used"
if command -v 7z >/dev/null; then
	mkdir "$work/in"
	printf '#!/bin/sh\necho "from the archive"\n' >"$work/in/inner.sh"
	(cd "$work" && 7z a -pinfected -tzip a.zip in >/dev/null)
	run -n a.zip -m in/inner.sh -p infected -t 60 "$work/a.zip"
	has 'from the archive' "a member of an encrypted archive runs"
	run -n a.zip -m in/inner.sh -p wrong -t 60 "$work/a.zip"
	has '^NOT_EXECUTED REASON=6' "a wrong password is said"
else
	count=$((count + 2))
	echo "ok $((count - 1)) - archive member # skip 7z is not installed"
	echo "ok $count - wrong password # skip 7z is not installed"
fi

printf '#!/bin/sh\necho name\n' >"$work/s"
run -n '../../etc/cron.d/x' "$work/s"
has '^STARTED .*PATH="/root/.._.._etc_cron.d_x"' "a name cannot leave its folder"
run -n "$(printf 'a\nb\033[2J\xff.sh')" "$work/s"
has '^STARTED .*PATH="/root/a\\x0ab\\x1b\[2J\\xff.sh"' "a name may be any bytes"

# --- samples that cannot be started
printf 'MZ\220\0' >"$work/s"
run -n a.exe "$work/s"
has '^NOT_EXECUTED REASON=4 TEXT="Windows' "a Windows program is refused with the reason"
has '^DONE CAUSE=4 ' "and the run ends properly"
printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\050\0\1\0\0\0' >"$work/s"
run -n bot.arm "$work/s"
has '^NOT_EXECUTED REASON=3 ' "an ARM program is refused with the reason"
: >"$work/s"
run -n empty "$work/s"
has '^NOT_EXECUTED REASON=1 ' "an empty sample is refused with the reason"
printf '#!/usr/bin/node\nlet a\n' >"$work/s"
run -n a.js "$work/s"
has '^NOT_EXECUTED REASON=5 .*node' "a missing interpreter is named"
head -c 200 "$O/tests/e2e/guest/flood" >"$work/s"
run -n cut "$work/s"
has '^NOT_EXECUTED REASON=7 ' "a damaged program is refused by the kernel"

# --- ends of a run
printf '#!/bin/sh\n(setsid sleep 300 &)\nsleep 300\n' >"$work/s"
run -n s -t 2 "$work/s"
has '^DONE CAUSE=2 ' "the time limit ends the run"
run -n s -t 60 -s 1000 "$work/s"
has '^DONE CAUSE=3 ' "STOP ends the run"
printf '#!/bin/sh\n(sleep 2; echo late >/tmp/late) &\n' >"$work/s"
run -n s -t 60 "$work/s"
has 'FILE_BEGIN PATH="/tmp/late"' "the run waits for a daemon"
has '^DONE CAUSE=1 ' "and ends with it"

# --- floods
flood() {
	run -q -n flood -t 5 "$@"
	has '^DONE CAUSE=2 ' "flood ($flood): the run ends by its time limit"
	has '^STREAM .*malformed=0 .*gaps=0' "flood ($flood): the stream is whole"
	ms=$(sed -n 's/^STREAM .* ms=//p' "$work/out")
	[ "${ms:-999999}" -lt 120000 ]
	ok $? "flood ($flood): it ends soon after"
	echo "# $flood: $(grep -E '^(LOST|DONE|STREAM)' "$work/out" | tr '\n' ';')"
}
for flood in fork console files opens disk; do
	flood "$O/tests/e2e/guest/flood" "$flood"
done
flood=limit
flood -E 100000 "$O/tests/e2e/guest/flood" opens
has '^LOST SOURCE=3 ' "events over the limit are counted"
# A controller that does not read: the ring fills up, and says so.
run -q -n flood -t 12 -w 10000 "$O/tests/e2e/guest/flood" opens
has '^LOST SOURCE=1 COUNT=[0-9]+ CPU=' "events that did not fit into the ring are counted"
has '^STREAM .*malformed=0 .*gaps=0' "and the stream is whole all the same"
echo "# not read for 10 s: $(grep -E '^(LOST|DONE)' "$work/out" | tr '\n' ';')"
flood=console
run -q -n flood -t 3 "$O/tests/e2e/guest/flood" console
has '^LOST SOURCE=4 ' "console output over the limit is counted"

# --- nonsense on the channel
hmp 'loadvm clean' >/dev/null
head -c 200000 /dev/urandom >"$work/noise"
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(open(sys.argv[2], "rb").read())
' "$work/port" "$work/noise"
timeout 60 "$ctl" "$work/port" ready >"$work/out" 2>&1
ok $? "the agent answers after noise on its channel"
echo "1..$count"
