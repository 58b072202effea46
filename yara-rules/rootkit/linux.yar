// SPDX-License-Identifier: Apache-2.0
// Programs that hide something on Linux.

rule rootkit_linux_preload : rootkit elf preload
{
	meta:
		id = "LOEP-1101"
		author = "Loep"
		date = "2026-11-21"
		description = "A shared library that replaces the functions which list files or connections and looks up the originals."
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1574.006,T1014"

	strings:
		$next = "dlsym" fullword
		$list = /\x00readdir(64)?(_r)?\x00/
		$open_proc = "/proc/net/tcp"
		$hide_preload = "/etc/ld.so.preload"
		$hide_maps = /\/proc\/(self|%[sd])\/(maps|fd\/%d|status|cmdline)/
		$other_open = /\x00f?open(at|dir)?(64)?\x00/
		$other_stat = /\x00(__)?[lf]?x?stat(64|at)?\x00/
		$other_access = /\x00access\x00/
		$other_unlink = /\x00unlink(at)?\x00/
		$other_write = /\x00write\x00/
		$other_pam = /\x00pam_(authenticate|open_session|acct_mgmt|sm_authenticate)\x00/
		$other_accept = /\x00accept\x00/
		$secret = /\b(backdoor|hide(_|d|gid)?|magic_?(gid|str|string)|hidden|reverse_?shell|rootkit|invisible|evil)\b/ nocase
		$shell = "/bin/sh"

	condition:
		uint32(0) == 0x464c457f
		and uint16(0x10) == 3
		and filesize < 2MB
		and $next and $list
		and ($hide_preload or $open_proc)
		and 3 of ($other*)
		and any of ($hide_maps, $secret, $shell)
}

rule rootkit_linux_module : rootkit elf lkm
{
	meta:
		id = "LOEP-1102"
		author = "Loep"
		date = "2026-11-21"
		description = "A kernel module that changes the system call table or hooks the functions which list files, processes or connections."
		reference = "https://attack.mitre.org/techniques/T1014/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1014,T1547.006"

	strings:
		$module = ".gnu.linkonce.this_module"
		$magic = "vermagic="
		$find_name = "kallsyms_lookup_name"
		$find_table = "sys_call_table"
		$hook_ftrace = /\b(ftrace_set_filter(_ip)?|register_ftrace_function|fh_install_hook\w?)\b/
		$hook_probe = /\b(register_k(ret)?probe|__x64_sys_kill|__x64_sys_getdents(64)?|sys_getdents(64)?|__ia32_sys_kill)\b/
		$hook_list = /\b(tcp[46]_seq_show|udp[46]_seq_show|filldir(64)?|proc_root_readdir|iterate_shared|inet_ioctl|fillonedir|packet_rcv|tpacket_rcv)\b/
		$protect = /\b(write_cr0|native_write_cr0|set_memory_rw|__write_cr0|force_write_cr0)\b/
		$hide = /\b(hide_?(module|me|pid|proc|file|port|tcp|self)|module_hid(e|den)|unhide\w{0,12}|give_?root|set_root|magic_prefix|hidden_pids?|hacked_\w{2,24}|hook_(getdents|kill|tcp)\w{0,12}|orig_(getdents|kill)\w{0,8})\b/ nocase
		$credentials = /\b(prepare_creds|commit_creds|prepare_kernel_cred)\b/

	condition:
		uint32(0) == 0x464c457f
		and uint16(0x10) == 1
		and filesize < 8MB
		and any of ($module, $magic)
		and (
			($find_table and any of ($protect, $hook_probe, $hide))
			or ($hide and any of ($find_name, $hook_ftrace, $hook_probe, $hook_list))
			or ($hook_ftrace and $find_name and $hook_probe and $hook_list)
			or ($credentials and $hook_probe and $hook_list
			and any of ($hook_ftrace, $find_name))
		)
}

rule rootkit_linux_module_source : rootkit source lkm
{
	meta:
		id = "LOEP-1103"
		author = "Loep"
		date = "2026-11-21"
		description = "C source of a kernel module that hides itself, files, processes or connections."
		reference = "https://attack.mitre.org/techniques/T1014/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1014,T1587.001"

	strings:
		$module = /#\s{0,4}include\s{1,4}<linux\/(module|kernel|init|kprobes|ftrace)\.h>/
		$self = /\b(list_del(_init)?\s{0,4}\(\s{0,4}&\s{0,4}(THIS_MODULE->|__this_module\.)(list|mkobj)|kobject_del\s{0,4}\(\s{0,4}&\s{0,4}THIS_MODULE->mkobj)/
		$call = /\b(__x64_|__ia32_|__arm64_)?sys_getdents(64)?\b/
		$table = /\bsys_call_table\b/
		$dirent = /\blinux_dirent(64)?\b/
		$cr0 = /\b(write_cr0|native_write_cr0|clear_bit\s{0,4}\(\s{0,4}16)/
		$network = /\b(tcp4_seq_show|udp4_seq_show)\b/
		$root = /\b(commit_creds|prepare_creds)\s{0,4}\(/

	condition:
		filesize < 512KB
		and uint32(0) != 0x464c457f
		and $module
		and (
			($self and 1 of ($call, $table, $dirent, $network, $root))
			or (3 of ($call, $table, $dirent, $cr0, $network)
			and any of ($root, $cr0, $network))
		)
}

rule rootkit_linux_bpf : rootkit elf ebpf
{
	meta:
		id = "LOEP-1104"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that loads BPF code into the kernel to change what other programs read, or to wait for a secret packet."
		reference = "https://attack.mitre.org/techniques/T1205/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1014,T1205"

	strings:
		$bpf_write = "bpf_probe_write_user"
		$bpf_override = "bpf_override_return"
		$bpf_send = "bpf_send_signal"
		$point_files = /\bsys_(enter|exit)_getdents(64)?\b/
		$point_read = /\bsys_(enter|exit)_(read|openat|execve|write|kill)\b/
		$hide = /\b(pid_to_hide|hidden?_(pid|name|file|prefix)|handle_getdents_(exit|patch|enter)|target_ppid|sudoadd|uprobe_pam|backdoor|rootkit|magic_packet)\b/ nocase
		$filter = "SO_ATTACH_FILTER"
		$object = /\x00(license|\.maps|\.BTF\.ext|tp\/syscalls\/[\w]{4,40}|tracepoint\/syscalls\/[\w]{4,40})\x00/

	condition:
		uint32(0) == 0x464c457f
		and filesize < 16MB
		and (
			($hide and any of ($bpf*, $filter))
			or ($bpf_write and $point_files and $object)
			or ($hide and $point_files and $point_read)
		)
}
