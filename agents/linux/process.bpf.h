/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Part of probe.bpf.c: processes, their rights and their memory. */
#ifndef AGENTS_LINUX_PROCESS_BPF_H
#define AGENTS_LINUX_PROCESS_BPF_H

SEC("tp_btf/sched_process_fork")
int
BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = (__u32)child->tgid;
	struct scratch *s;
	__u32 bits;

	if (is_armed == 0 || child->tgid == parent->tgid)
		return 0;
	/* Process ids are used again: forget what an older one was. */
	bits = task_bits((__u32)parent->tgid);
	if ((bits & TASK_SAMPLE) != 0)
		task_mark(pid, bits & (TASK_SAMPLE | TASK_INJECTED));
	else if (task_bits(pid) != 0)
		bpf_map_delete_elem(&tasks, &pid);
	s = begin_for(parent, WIRE_EV_FORK);
	if (s == NULL)
		return 0;
	s->record.number[0] = pid;
	s->record.number[1] = child->start_time;
	submit(s);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int
BPF_PROG(
    on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct scratch *s = begin(WIRE_EV_EXEC);
	struct mm_struct *mm;
	struct file *file;

	if (s == NULL)
		return 0;
	file = BPF_CORE_READ(bprm, file);
	mm = BPF_CORE_READ(task, mm);
	add_inode(s, BPF_CORE_READ(file, f_inode));
	s->record.number[4] = BPF_CORE_READ(file, f_inode, i_nlink);
	add_dentry(s, TEXT_PATH, BPF_CORE_READ(file, f_path.mnt),
	    BPF_CORE_READ(file, f_path.dentry), WIRE_F_CUT_PATH);
	add_dentry(s, TEXT_CWD, BPF_CORE_READ(task, fs, pwd.mnt),
	    BPF_CORE_READ(task, fs, pwd.dentry), 0);
	add_user(s, TEXT_ARGV, BPF_CORE_READ(mm, arg_start),
	    BPF_CORE_READ(mm, arg_end), WIRE_F_CUT_ARGV);
	add_user(s, TEXT_ENVP, BPF_CORE_READ(mm, env_start),
	    BPF_CORE_READ(mm, env_end), WIRE_F_CUT_ENVP);
	add_string(s, TEXT_NAME, BPF_CORE_READ(bprm, filename));
	submit(s);
	return 0;
}

/* A program that the sample wrote acts for the sample, whoever starts it. */
SEC("fentry/security_bprm_check")
int
BPF_PROG(on_exec_check, struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	struct inode *inode = BPF_CORE_READ(bprm, file, f_inode);
	struct file_id id = {0};

	if (is_armed == 0 || task_bits((__u32)task->tgid) != 0)
		return 0;
	id.inode = BPF_CORE_READ(inode, i_ino);
	id.device = BPF_CORE_READ(inode, i_sb, s_dev);
	if (bpf_map_lookup_elem(&written, &id) != NULL)
		task_mark((__u32)task->tgid, TASK_SAMPLE);
	return 0;
}

SEC("fexit/bprm_execve")
int
BPF_PROG(on_exec_failed, struct linux_binprm *bprm, int fd, void *filename,
    int flags, int ret)
{
	struct scratch *s;

	if (ret >= 0)
		return 0;
	s = begin(WIRE_EV_EXEC_FAILED);
	if (s == NULL)
		return 0;
	s->record.number[4] = (__u64)(long long)-ret;
	add_string(s, TEXT_NAME, BPF_CORE_READ(bprm, filename));
	submit(s);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(on_exit, struct task_struct *task)
{
	__u32 pid = (__u32)task->tgid;
	__u32 bits = task_bits(pid);
	struct scratch *s;

	/* Threads come and go; the process ends with the last one. */
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	s = begin_for(task, WIRE_EV_EXIT);
	if (s != NULL) {
		int code = BPF_CORE_READ(task, signal, group_exit_code);

		if (code == 0)
			code = task->exit_code;
		s->record.number[0] = (__u32)code;
		submit(s);
	}
	if (bits != 0)
		task_mark(pid, bits | TASK_DEAD);
	return 0;
}

static __always_inline void
add_other(struct scratch *s, struct task_struct *other)
{
	s->record.number[0] = (__u32)BPF_CORE_READ(other, tgid);
	s->record.number[1] = BPF_CORE_READ(other, group_leader, start_time);
	add_string(s, TEXT_NAME, other->comm);
}

SEC("fentry/security_ptrace_access_check")
int
BPF_PROG(on_ptrace, struct task_struct *child, unsigned int mode)
{
	struct scratch *s;
	__u32 pid = (__u32)child->tgid;

	if ((mode & PTRACE_MODE_ATTACH) == 0 ||
	    child->tgid == current_task()->tgid)
		return 0;
	s = begin(WIRE_EV_PTRACE);
	if (s == NULL)
		return 0;
	if (s->record.syscall == NR_PROCESS_VM_WRITEV)
		s->record.kind = WIRE_EV_MEMORY_WRITE;
	add_other(s, child);
	submit(s);
	if ((s->record.flags & WIRE_F_SAMPLE) != 0 && task_bits(pid) == 0 &&
	    pid != agent_pid)
		task_mark(pid, TASK_SAMPLE | TASK_INJECTED | TASK_VICTIM);
	return 0;
}

SEC("fentry/security_ptrace_traceme")
int
BPF_PROG(on_traceme, struct task_struct *parent)
{
	struct scratch *s = begin(WIRE_EV_PTRACE);

	if (s == NULL)
		return 0;
	add_other(s, parent);
	submit(s);
	return 0;
}

SEC("fentry/security_task_kill")
int
BPF_PROG(on_kill, struct task_struct *target, struct kernel_siginfo *info,
    int sig, const struct cred *cred)
{
	struct scratch *s;

	if (sig == 0)
		return 0;
	s = begin(WIRE_EV_KILL);
	if (s == NULL)
		return 0;
	add_other(s, target);
	s->record.number[2] = (__u64)sig;
	submit(s);
	return 0;
}

static __always_inline void
memory_exec(struct file *file, __u64 address, __u64 length, __u64 prot)
{
	struct scratch *s;

	/* A file that has a name is an ordinary library. */
	if (file != NULL && BPF_CORE_READ(file, f_inode, i_nlink) != 0)
		return;
	s = begin(WIRE_EV_MEMORY_EXEC);
	if (s == NULL)
		return;
	s->record.number[0] = address;
	s->record.number[1] = length;
	s->record.number[2] = prot;
	if (file != NULL)
		add_dentry(s, TEXT_PATH, BPF_CORE_READ(file, f_path.mnt),
		    BPF_CORE_READ(file, f_path.dentry), WIRE_F_CUT_PATH);
	submit(s);
}

SEC("fentry/security_mmap_file")
int
BPF_PROG(on_mmap, struct file *file, unsigned long prot, unsigned long flags)
{
	struct pt_regs *regs;
	__u64 length = 0;

	if (is_armed == 0 || (prot & PROT_EXEC) == 0)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(current_task());
	bpf_probe_read_kernel(&length, sizeof(length), &regs->si);
	memory_exec(file, 0, length, prot);
	return 0;
}

SEC("fentry/security_file_mprotect")
int
BPF_PROG(on_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
    unsigned long prot)
{
	if (is_armed == 0 || (prot & PROT_EXEC) == 0)
		return 0;
	memory_exec(BPF_CORE_READ(vma, vm_file), BPF_CORE_READ(vma, vm_start),
	    BPF_CORE_READ(vma, vm_end) - BPF_CORE_READ(vma, vm_start), prot);
	return 0;
}

static __always_inline int
rights(__u16 kind, const struct cred *new)
{
	struct scratch *s = begin(kind);

	if (s == NULL)
		return 0;
	s->record.number[0] = BPF_CORE_READ(new, uid.val);
	s->record.number[1] = BPF_CORE_READ(new, gid.val);
	s->record.number[2] = (__u64)BPF_CORE_READ(new, cap_effective.cap[1])
				  << 32 |
			      BPF_CORE_READ(new, cap_effective.cap[0]);
	s->record.number[3] = BPF_CORE_READ(new, euid.val);
	submit(s);
	return 0;
}

SEC("fentry/security_task_fix_setuid")
int
BPF_PROG(on_setuid, struct cred *new, const struct cred *old, int flags)
{
	return rights(WIRE_EV_SET_UID, new);
}

SEC("fentry/security_task_fix_setgid")
int
BPF_PROG(on_setgid, struct cred *new, const struct cred *old, int flags)
{
	return rights(WIRE_EV_SET_GID, new);
}

SEC("fexit/security_capset")
int
BPF_PROG(on_capset, struct cred *new, const struct cred *old)
{
	return rights(WIRE_EV_SET_CAPS, new);
}

static __always_inline int
option(__u16 kind, __u64 number)
{
	struct scratch *s = begin(kind);

	if (s == NULL)
		return 0;
	s->record.number[0] = number;
	submit(s);
	return 0;
}

SEC("fentry/security_bpf")
int
BPF_PROG(on_bpf, int cmd)
{
	return option(WIRE_EV_BPF, (__u64)cmd);
}

SEC("fentry/ksys_unshare")
int
BPF_PROG(on_unshare, unsigned long flags)
{
	return option(WIRE_EV_NAMESPACE, flags);
}

SEC("fentry/kernel_clone")
int
BPF_PROG(on_clone, struct kernel_clone_args *args)
{
	__u64 flags = BPF_CORE_READ(args, flags);

	if ((flags & CLONE_NEW_ANY) == 0)
		return 0;
	return option(WIRE_EV_NAMESPACE, flags);
}

SEC("fentry/__x64_sys_setns")
int
BPF_PROG(on_setns, const struct pt_regs *regs)
{
	__u64 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), &regs->si);
	return option(WIRE_EV_NAMESPACE, flags);
}

SEC("fentry/__x64_sys_reboot")
int
BPF_PROG(on_reboot, const struct pt_regs *regs)
{
	__u64 cmd = 0;

	bpf_probe_read_kernel(&cmd, sizeof(cmd), &regs->dx);
	return option(WIRE_EV_REBOOT, (__u32)cmd);
}

SEC("fentry/security_settime64")
int
BPF_PROG(on_settime)
{
	return option(WIRE_EV_SET_TIME, 0);
}

/* PR_SET_DUMPABLE and PR_SET_MM: a process hides what it is. */
SEC("fentry/security_task_prctl")
int
BPF_PROG(on_prctl, int op)
{
	return op == 4 || op == 35 ? option(WIRE_EV_PRCTL, (__u64)op) : 0;
}

/*
 * A process takes another name, by PR_SET_NAME or through /proc. Here the
 * name is in kernel memory; the caller's page may not be there to be read.
 */
SEC("fentry/__set_task_comm")
int
BPF_PROG(on_comm, struct task_struct *task, const char *name, bool is_exec)
{
	struct scratch *s;

	/* Kernel workers rename themselves all the time. */
	if (is_exec || (task->flags & PF_KTHREAD) != 0)
		return 0;
	s = begin(WIRE_EV_PRCTL);
	if (s == NULL)
		return 0;
	s->record.number[0] = 15;
	add_string(s, TEXT_NAME, name);
	submit(s);
	return 0;
}

SEC("tp_btf/module_load")
int
BPF_PROG(on_module, struct module *mod)
{
	struct scratch *s = begin(WIRE_EV_MODULE);

	if (s == NULL)
		return 0;
	add_string(s, TEXT_NAME, mod->name);
	submit(s);
	return 0;
}

/* The attempt, before the kernel has judged the module. 2: READING_MODULE */
SEC("fentry/security_kernel_read_file")
int
BPF_PROG(on_module_file, struct file *file, int id)
{
	struct scratch *s;

	if (id != 2)
		return 0;
	s = begin(WIRE_EV_MODULE);
	if (s == NULL)
		return 0;
	add_path(s, TEXT_PATH, &file->f_path);
	submit(s);
	return 0;
}

/* init_module(2): the bytes come from memory. 2: LOADING_MODULE */
SEC("fentry/security_kernel_load_data")
int
BPF_PROG(on_module_data, int id)
{
	return id == 2 ? option(WIRE_EV_MODULE, 0) : 0;
}

#endif
