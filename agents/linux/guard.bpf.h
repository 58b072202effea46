/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Part of probe.bpf.c: while a sample runs, nobody stops, kills or rewrites
 * the agent, and each attempt is recorded. Needs "bpf" in the kernel's lsm=.
 */
#ifndef AGENTS_LINUX_GUARD_BPF_H
#define AGENTS_LINUX_GUARD_BPF_H

static __always_inline int
attack(__u64 target, __u64 what)
{
	struct scratch *s = begin(WIRE_EV_AGENT_ATTACK);

	if (s == NULL)
		return 0;
	s->record.flags |= WIRE_F_REFUSED;
	s->record.number[0] = target;
	s->record.number[2] = what;
	submit(s);
	return -EPERM;
}

SEC("lsm/task_kill")
int
BPF_PROG(guard_kill, struct task_struct *target, struct kernel_siginfo *info,
    int sig, const struct cred *cred, int ret)
{
	if (ret != 0 || sig == 0 || (__u32)target->tgid != agent_pid)
		return ret;
	return attack(agent_pid, (__u64)sig);
}

SEC("lsm/ptrace_access_check")
int
BPF_PROG(guard_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret != 0 || (mode & PTRACE_MODE_ATTACH) == 0 ||
	    (__u32)child->tgid != agent_pid)
		return ret;
	return attack(agent_pid, 0);
}

/* Descriptors of maps and programs are for the agent alone. */
SEC("lsm/bpf_map")
int
BPF_PROG(guard_map, struct bpf_map *map, unsigned int mode, int ret)
{
	return ret != 0 ? ret : attack(agent_pid, 0);
}

SEC("lsm/bpf_prog")
int
BPF_PROG(guard_prog, struct bpf_prog *prog, int ret)
{
	return ret != 0 ? ret : attack(agent_pid, 0);
}

/*
 * Two files end all recording: kernel.ftrace_enabled takes the programs off
 * their functions, sysrq-trigger kills past every check.
 */
SEC("lsm/file_open")
int
BPF_PROG(guard_open, struct file *file, int ret)
{
	char name[16] = {0};
	struct scratch *s;

	if (ret != 0 || is_armed == 0 || (file->f_mode & FMODE_WRITE) == 0)
		return ret;
	bpf_probe_read_kernel_str(name, sizeof(name),
	    BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (bpf_strncmp(name, sizeof(name), "ftrace_enabled") != 0 &&
	    bpf_strncmp(name, sizeof(name), "sysrq-trigger") != 0)
		return 0;
	s = begin(WIRE_EV_AGENT_ATTACK);
	if (s == NULL)
		return 0;
	s->record.flags |= WIRE_F_REFUSED;
	s->record.number[0] = agent_pid;
	add_path(s, TEXT_PATH, &file->f_path);
	submit(s);
	return -EPERM;
}

/* A fork bomb ends when forks do; killing alone never catches up. */
SEC("lsm/task_alloc")
int
BPF_PROG(guard_fork, struct task_struct *task, unsigned long flags, int ret)
{
	if (ret != 0 || is_frozen == 0 ||
	    (task_bits((__u32)current_task()->tgid) & TASK_SAMPLE) == 0)
		return ret;
	return -EPERM;
}

#endif
