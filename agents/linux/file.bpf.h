/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Part of probe.bpf.c: files, directories and mounts.
 *
 * The security_* functions run before the change: an action that then
 * fails for a plain reason (no space, name taken) is recorded all the same.
 */
#ifndef AGENTS_LINUX_FILE_BPF_H
#define AGENTS_LINUX_FILE_BPF_H

static __always_inline bool
is_regular(struct inode *inode)
{
	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG;
}

/* What an open means: 0 for one that is not recorded. */
static __always_inline __u16
open_kind(struct file *file, struct inode *inode, const struct file_id *id)
{
	if ((file->f_mode & FMODE_CREATED) != 0)
		return WIRE_EV_FILE_CREATE;
	if ((file->f_mode & FMODE_WRITE) != 0)
		return WIRE_EV_FILE_WRITE;
	/*
	 * Reading is worth a record where it is a privilege: keys, shadow,
	 * history, memory of others. Not the sample's own files.
	 */
	if ((BPF_CORE_READ(inode, i_mode) & S_IROTH) == 0 &&
	    (task_bits((__u32)current_task()->tgid) & TASK_SAMPLE) != 0 &&
	    bpf_map_lookup_elem(&written, id) == NULL)
		return WIRE_EV_FILE_READ;
	return 0;
}

SEC("fentry/security_file_open")
int
BPF_PROG(on_open, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct file_id id = {0};
	__u32 one = 1;
	struct scratch *s;
	__u16 kind;

	if (is_armed == 0 || !is_regular(inode))
		return 0;
	id.inode = BPF_CORE_READ(inode, i_ino);
	id.device = BPF_CORE_READ(inode, i_sb, s_dev);
	kind = open_kind(file, inode, &id);
	if (kind == 0)
		return 0;
	s = begin(kind);
	if (s == NULL)
		return 0;
	add_inode(s, inode);
	s->record.number[4] = file->f_flags;
	if ((s->record.flags & WIRE_F_SAMPLE) != 0 && kind != WIRE_EV_FILE_READ)
		bpf_map_update_elem(&written, &id, &one, BPF_ANY);
	add_path(s, TEXT_PATH, &file->f_path);
	submit(s);
	return 0;
}

SEC("fentry/filp_close")
int
BPF_PROG(on_close, struct file *file)
{
	struct scratch *s;

	if (is_armed == 0 || (file->f_mode & FMODE_WRITE) == 0 ||
	    !is_regular(file->f_inode))
		return 0;
	s = begin(WIRE_EV_FILE_WRITTEN);
	if (s == NULL)
		return 0;
	add_inode(s, file->f_inode);
	add_path(s, TEXT_PATH, &file->f_path);
	submit(s);
	return 0;
}

/* An entry of a directory: dir gives the mount, dentry the rest. */
static __always_inline struct scratch *
entry(__u16 kind, const struct path *dir, struct dentry *dentry)
{
	struct scratch *s = begin(kind);

	if (s == NULL)
		return NULL;
	add_inode(s, BPF_CORE_READ(dentry, d_inode));
	add_dentry(
	    s, TEXT_PATH, BPF_CORE_READ(dir, mnt), dentry, WIRE_F_CUT_PATH);
	return s;
}

SEC("fentry/security_path_unlink")
int
BPF_PROG(on_unlink, const struct path *dir, struct dentry *dentry)
{
	struct scratch *s = entry(WIRE_EV_FILE_DELETE, dir, dentry);

	if (s != NULL)
		submit(s);
	return 0;
}

SEC("fentry/security_path_rmdir")
int
BPF_PROG(on_rmdir, const struct path *dir, struct dentry *dentry)
{
	struct scratch *s = entry(WIRE_EV_DIR_DELETE, dir, dentry);

	if (s != NULL)
		submit(s);
	return 0;
}

SEC("fentry/security_path_mkdir")
int
BPF_PROG(on_mkdir, const struct path *dir, struct dentry *dentry)
{
	struct scratch *s = entry(WIRE_EV_DIR_CREATE, dir, dentry);

	if (s != NULL)
		submit(s);
	return 0;
}

/* Called for every mknod(2) and for open(O_CREAT), which is seen above. */
SEC("fentry/security_path_mknod")
int
BPF_PROG(on_mknod, const struct path *dir, struct dentry *dentry,
    unsigned short mode, unsigned int dev)
{
	struct scratch *s;

	if ((mode & S_IFMT) == 0 || (mode & S_IFMT) == S_IFREG)
		return 0;
	s = entry(WIRE_EV_FILE_NODE, dir, dentry);
	if (s == NULL)
		return 0;
	s->record.number[2] = mode;
	submit(s);
	return 0;
}

SEC("fentry/security_path_symlink")
int
BPF_PROG(on_symlink, const struct path *dir, struct dentry *dentry,
    const char *old_name)
{
	struct scratch *s = entry(WIRE_EV_FILE_SYMLINK, dir, dentry);

	if (s == NULL)
		return 0;
	add_string(s, TEXT_NAME, old_name);
	submit(s);
	return 0;
}

SEC("fentry/security_path_link")
int
BPF_PROG(on_link, struct dentry *old_dentry, const struct path *new_dir,
    struct dentry *new_dentry)
{
	struct scratch *s = begin(WIRE_EV_FILE_LINK);
	struct vfsmount *mnt;

	if (s == NULL)
		return 0;
	mnt = BPF_CORE_READ(new_dir, mnt);
	add_inode(s, BPF_CORE_READ(old_dentry, d_inode));
	add_dentry(s, TEXT_PATH, mnt, old_dentry, WIRE_F_CUT_PATH);
	add_dentry(s, TEXT_TARGET, mnt, new_dentry, WIRE_F_CUT_TARGET);
	submit(s);
	return 0;
}

SEC("fentry/security_path_rename")
int
BPF_PROG(on_rename, const struct path *old_dir, struct dentry *old_dentry,
    const struct path *new_dir, struct dentry *new_dentry)
{
	struct scratch *s = begin(WIRE_EV_FILE_RENAME);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(old_dentry, d_inode));
	add_dentry(s, TEXT_PATH, BPF_CORE_READ(old_dir, mnt), old_dentry,
	    WIRE_F_CUT_PATH);
	add_dentry(s, TEXT_TARGET, BPF_CORE_READ(new_dir, mnt), new_dentry,
	    WIRE_F_CUT_TARGET);
	submit(s);
	return 0;
}

SEC("fentry/security_path_truncate")
int
BPF_PROG(on_truncate, const struct path *path)
{
	struct scratch *s = begin(WIRE_EV_FILE_TRUNCATE);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(path, dentry, d_inode));
	add_path(s, TEXT_PATH, path);
	submit(s);
	return 0;
}

SEC("fentry/security_path_chmod")
int
BPF_PROG(on_chmod, const struct path *path, unsigned short mode)
{
	struct scratch *s = begin(WIRE_EV_FILE_MODE);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(path, dentry, d_inode));
	s->record.number[2] = mode;
	add_path(s, TEXT_PATH, path);
	submit(s);
	return 0;
}

SEC("fentry/security_path_chown")
int
BPF_PROG(on_chown, const struct path *path, unsigned int uid, unsigned int gid)
{
	struct scratch *s = begin(WIRE_EV_FILE_OWNER);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(path, dentry, d_inode));
	s->record.number[4] = uid;
	s->record.number[5] = gid;
	add_path(s, TEXT_PATH, path);
	submit(s);
	return 0;
}

SEC("fentry/security_inode_setxattr")
int
BPF_PROG(on_setxattr, void *mnt_userns, struct dentry *dentry, const char *name)
{
	struct scratch *s = begin(WIRE_EV_FILE_ATTRIBUTE);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(dentry, d_inode));
	add_dentry(s, TEXT_PATH, NULL, dentry, WIRE_F_CUT_PATH);
	add_string(s, TEXT_NAME, name);
	submit(s);
	return 0;
}

/* chattr: an immutable file resists its removal. */
SEC("fentry/vfs_fileattr_set")
int
BPF_PROG(on_fileattr, void *mnt_userns, struct dentry *dentry)
{
	struct scratch *s = begin(WIRE_EV_FILE_ATTRIBUTE);

	if (s == NULL)
		return 0;
	add_inode(s, BPF_CORE_READ(dentry, d_inode));
	add_dentry(s, TEXT_PATH, NULL, dentry, WIRE_F_CUT_PATH);
	submit(s);
	return 0;
}

/* memfd_create(2) names its file "memfd:NAME". */
SEC("fentry/shmem_file_setup")
int
BPF_PROG(on_memfd, const char *name, long long size, unsigned long flags)
{
	struct scratch *s = begin(WIRE_EV_MEMFD);

	if (s == NULL)
		return 0;
	add_string(s, TEXT_NAME, name);
	submit(s);
	return 0;
}

SEC("fentry/security_sb_mount")
int
BPF_PROG(on_mount, const char *dev_name, const struct path *path,
    const char *type, unsigned long flags)
{
	struct scratch *s = begin(WIRE_EV_MOUNT);

	if (s == NULL)
		return 0;
	s->record.number[4] = flags;
	add_path(s, TEXT_PATH, path);
	add_string(s, TEXT_ARGV, type);
	add_string(s, TEXT_NAME, dev_name);
	submit(s);
	return 0;
}

SEC("fentry/security_move_mount")
int
BPF_PROG(on_move_mount, const struct path *from, const struct path *to)
{
	struct scratch *s = begin(WIRE_EV_MOUNT);

	if (s == NULL)
		return 0;
	add_path(s, TEXT_PATH, to);
	submit(s);
	return 0;
}

SEC("fentry/security_sb_umount")
int
BPF_PROG(on_umount, struct vfsmount *mnt, int flags)
{
	struct scratch *s = begin(WIRE_EV_UNMOUNT);

	if (s == NULL)
		return 0;
	s->record.number[4] = (__u64)flags;
	add_dentry(
	    s, TEXT_PATH, mnt, BPF_CORE_READ(mnt, mnt_root), WIRE_F_CUT_PATH);
	submit(s);
	return 0;
}

SEC("fentry/security_path_chroot")
int
BPF_PROG(on_chroot, const struct path *path)
{
	struct scratch *s = begin(WIRE_EV_CHROOT);

	if (s == NULL)
		return 0;
	add_path(s, TEXT_PATH, path);
	submit(s);
	return 0;
}

#endif
