/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * kernel.h - the few kernel structures that the BPF programs look into.
 *
 * Only the fields used, in any order: preserve_access_index makes libbpf
 * find the true offsets in the guest's own BTF when the agent loads.
 */
#ifndef AGENTS_LINUX_KERNEL_H
#define AGENTS_LINUX_KERNEL_H

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push( \
    __attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

typedef struct {
	int counter;
} atomic_t;

struct kernel_cap_struct {
	__u32 cap[2];
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t euid;
	kgid_t egid;
	struct kernel_cap_struct cap_permitted;
	struct kernel_cap_struct cap_effective;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	long long i_size;
	unsigned int i_nlink;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
};

struct fs_struct {
	struct path pwd;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	char comm[16];
	__u64 start_time;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct signal_struct *signal;
	const struct cred *cred;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	struct file *vm_file;
};

struct kernel_clone_args {
	__u64 flags;
};

struct module {
	char name[56];
};

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	unsigned char *data;
};

struct kernel_siginfo;
struct net;
struct bpf_map;
struct bpf_prog;

#pragma clang attribute pop

/* The same on every x86-64 kernel: part of the system call ABI. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

#define FMODE_WRITE	     0x2
#define FMODE_CREATED	     0x100000
#define PF_KTHREAD	     0x00200000
#define S_IFMT		     0170000
#define S_IFREG		     0100000
#define S_IROTH		     0004
#define PROT_WRITE	     0x2
#define PROT_EXEC	     0x4
#define PTRACE_MODE_ATTACH   0x02
#define AF_UNIX		     1
#define AF_INET		     2
#define AF_INET6	     10
#define IPPROTO_TCP	     6
#define IPPROTO_UDP	     17
#define CLONE_NEW_ANY	     0x7e020080
#define NR_PROCESS_VM_WRITEV 311
#define EPERM		     1

#endif
