/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Part of probe.bpf.c: maps, and how a record is begun, filled and sent. */
#ifndef AGENTS_LINUX_BASE_BPF_H
#define AGENTS_LINUX_BASE_BPF_H

#define TEXT_MAX    (3 * RECORD_PATH_BYTES + 2 * RECORD_STRINGS_BYTES)
#define PATH_DEPTH  40
#define NAME_MAX    255
#define TASKS_MAX   131072
#define WRITTEN_MAX 16384

/* Set by the agent. */
volatile unsigned int is_armed = 0;
volatile unsigned int agent_pid = 0;
/* The run is ending: the sample starts nothing more. */
volatile unsigned int is_frozen = 0;

struct scratch {
	struct record record;
	__u8 text[TEXT_MAX + RECORD_STRINGS_BYTES];
	__u32 used;
};

struct file_id {
	__u64 inode;
	__u64 device;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RECORD_RING_BYTES);
} events SEC(".maps");

/*
 * One per CPU, by number: values of a per-CPU map are limited to 32 KiB. The
 * kernel does not preempt here (CONFIG_PREEMPT_VOLUNTARY), so a program has
 * its CPU's entry to itself until it ends. The agent sets the true number.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Process id to enum task_bit. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASKS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} tasks SEC(".maps");

/* Files that the sample opened for writing: who runs them acts for it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WRITTEN_MAX);
	__type(key, struct file_id);
	__type(value, __u32);
} written SEC(".maps");

/* Records that did not fit into the ring, per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/*
 * min(v, max) in a form that the verifier follows: 64 bits wide, and opaque
 * to the compiler, which otherwise tests one register and uses another.
 */
static __always_inline __u64
bounded(__u64 v, __u64 max)
{
	barrier_var(v);
	if (v > max)
		v = max;
	barrier_var(v);
	return v;
}

static __always_inline __u32
task_bits(__u32 pid)
{
	__u32 *bits = bpf_map_lookup_elem(&tasks, &pid);

	return bits == NULL ? 0 : *bits;
}

static __always_inline void
task_mark(__u32 pid, __u32 bits)
{
	bpf_map_update_elem(&tasks, &pid, &bits, BPF_ANY);
}

static __always_inline struct task_struct *
current_task(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

static __always_inline struct scratch *
scratch_get(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&scratches, &cpu);
}

/* Who did it: everything that each record has in common. */
static __always_inline void
record_fill(struct record *r, struct task_struct *task, __u16 kind)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	__u32 bits = task_bits((__u32)task->tgid);

	__builtin_memset(r, 0, sizeof(*r));
	r->kind = kind;
	if ((bits & TASK_SAMPLE) != 0)
		r->flags |= WIRE_F_SAMPLE;
	if ((bits & TASK_INJECTED) != 0)
		r->flags |= WIRE_F_INJECTED;
	if ((task->flags & PF_KTHREAD) != 0)
		r->flags |= WIRE_F_KERNEL;
	r->cpu = bpf_get_smp_processor_id();
	r->mono_ns = bpf_ktime_get_ns();
	r->pid = (__u32)task->tgid;
	r->tid = (__u32)task->pid;
	r->start_ns = BPF_CORE_READ(task, group_leader, start_time);
	r->ppid = (__u32)BPF_CORE_READ(parent, tgid);
	r->parent_start_ns = BPF_CORE_READ(parent, group_leader, start_time);
	r->uid = BPF_CORE_READ(task, cred, uid.val);
	r->euid = BPF_CORE_READ(task, cred, euid.val);
	r->gid = BPF_CORE_READ(task, cred, gid.val);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), task->comm);
}

static __always_inline struct scratch *
begin_for(struct task_struct *task, __u16 kind)
{
	struct scratch *s;

	if (is_armed == 0 || (__u32)task->tgid == agent_pid)
		return NULL;
	s = scratch_get();
	if (s == NULL)
		return NULL;
	s->used = 0;
	record_fill(&s->record, task, kind);
	return s;
}

static __always_inline struct scratch *
begin(__u16 kind)
{
	struct task_struct *task = current_task();
	struct scratch *s = begin_for(task, kind);
	struct pt_regs *regs;

	if (s == NULL)
		return NULL;
	if ((s->record.flags & WIRE_F_KERNEL) == 0) {
		regs = (struct pt_regs *)bpf_task_pt_regs(task);
		if (regs != NULL)
			bpf_probe_read_kernel(&s->record.syscall,
			    sizeof(s->record.syscall), &regs->orig_ax);
	}
	return s;
}

/* Kinds that come in floods and tell little each. */
static __always_inline bool
is_bulk(__u16 kind)
{
	return kind == WIRE_EV_FILE_WRITE || kind == WIRE_EV_FILE_WRITTEN ||
	       kind == WIRE_EV_FILE_READ || kind == WIRE_EV_DATAGRAM ||
	       kind == WIRE_EV_MEMORY_EXEC || kind == WIRE_EV_EXEC_FAILED;
}

static __always_inline void
submit(struct scratch *s)
{
	__u64 used = bounded(s->used, TEXT_MAX);
	__u32 zero = 0;
	__u64 *count;
	bool has_room = true;

	/* The last quarter of the ring is for the others. */
	if (is_bulk(s->record.kind))
		has_room = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) <
			   RECORD_RING_BYTES / 4 * 3;
	if (has_room &&
	    bpf_ringbuf_output(&events, s, sizeof(s->record) + used, 0) == 0)
		return;
	count = bpf_map_lookup_elem(&lost, &zero);
	if (count != NULL)
		(*count)++;
}

/* Append size bytes of kernel memory as text `which`. */
static __always_inline void
add_kernel(
    struct scratch *s, enum record_text which, const void *src, __u64 size)
{
	__u64 used = bounded(s->used, TEXT_MAX);

	size = bounded(size, RECORD_NAME_BYTES);
	if (bpf_probe_read_kernel(&s->text[used], (__u32)size, src) != 0)
		return;
	s->record.text_bytes[which] += (__u32)size;
	s->used = (__u32)(used + size);
}

/* Append a kernel string, without its zero. */
static __always_inline void
add_string(struct scratch *s, enum record_text which, const char *src)
{
	__u64 used = bounded(s->used, TEXT_MAX);
	long n;

	n = bpf_probe_read_kernel_str(&s->text[used], RECORD_NAME_BYTES, src);
	if (n <= 1 || n > RECORD_NAME_BYTES)
		return;
	s->record.text_bytes[which] += (__u32)n - 1;
	s->used = (__u32)used + (__u32)n - 1;
}

/* Append user memory [from, to), bounded; sets cut when there was more. */
static __always_inline void
add_user(struct scratch *s, enum record_text which, unsigned long from,
    unsigned long to, __u16 cut)
{
	__u64 used = bounded(s->used, TEXT_MAX);
	__u64 size = to - from;

	if (to <= from)
		return;
	if (size > RECORD_STRINGS_BYTES)
		s->record.flags |= cut;
	size = bounded(size, RECORD_STRINGS_BYTES);
	if (bpf_probe_read_user(
		&s->text[used], (__u32)size, (const void *)from) != 0) {
		s->record.flags |= cut;
		return;
	}
	s->record.text_bytes[which] = (__u32)size;
	s->used = (__u32)(used + size);
}

/* One component; false when there is no room. */
static __always_inline bool
add_component(
    struct scratch *s, enum record_text which, struct dentry *d, __u32 limit)
{
	__u32 used = s->used;
	const unsigned char *name = BPF_CORE_READ(d, d_name.name);
	long n;

	if (used > limit || used > TEXT_MAX - NAME_MAX - 1)
		return false;
	n = bpf_probe_read_kernel_str(&s->text[used], NAME_MAX + 1, name);
	if (n <= 0 || n > NAME_MAX + 1)
		return false;
	s->record.text_bytes[which] += (__u32)n;
	s->used = used + (__u32)n;
	return true;
}

/*
 * Append the path of a dentry below a mount, leaf first, through the mounts
 * above it. Without a mount the walk ends at the root of the file system.
 */
static __always_inline void
add_dentry(struct scratch *s, enum record_text which, struct vfsmount *vfsmnt,
    struct dentry *dentry, __u16 cut)
{
	struct mount *mnt = NULL;
	struct dentry *root = NULL, *parent;
	__u32 limit = s->used + RECORD_PATH_BYTES - NAME_MAX - 1;
	int i;

	if (vfsmnt != NULL) {
		mnt = (struct mount *)((char *)vfsmnt - bpf_core_field_offset(
							    struct mount, mnt));
		root = BPF_CORE_READ(vfsmnt, mnt_root);
	}
	for (i = 0; i < PATH_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == root || dentry == parent) {
			struct mount *above;

			if (mnt == NULL)
				return;
			above = BPF_CORE_READ(mnt, mnt_parent);
			if (above == mnt) {
				/* A file of no mount: memfd, pipe. */
				if (i == 0)
					add_component(s, which, dentry, limit);
				return;
			}
			dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			mnt = above;
			root = BPF_CORE_READ(mnt, mnt.mnt_root);
			continue;
		}
		if (!add_component(s, which, dentry, limit))
			break;
		dentry = parent;
	}
	s->record.flags |= cut;
}

static __always_inline void
add_path(struct scratch *s, enum record_text which, const struct path *path)
{
	add_dentry(s, which, BPF_CORE_READ(path, mnt),
	    BPF_CORE_READ(path, dentry),
	    which == TEXT_TARGET ? WIRE_F_CUT_TARGET : WIRE_F_CUT_PATH);
}

/* Device, inode, mode and size of a file into numbers 0 to 3. */
static __always_inline void
add_inode(struct scratch *s, struct inode *inode)
{
	if (inode == NULL)
		return;
	s->record.number[0] = BPF_CORE_READ(inode, i_sb, s_dev);
	s->record.number[1] = BPF_CORE_READ(inode, i_ino);
	s->record.number[2] = BPF_CORE_READ(inode, i_mode);
	s->record.number[3] = (__u64)BPF_CORE_READ(inode, i_size);
}

#endif
