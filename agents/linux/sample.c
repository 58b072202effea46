/* SPDX-License-Identifier: Apache-2.0 */
/* The sample: name, bytes, arguments, and the archive that it may be in. */
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawn.h"

#define SAMPLE_NAME_BYTES 200
#define UNPACK_TIMEOUT_MS 60000

/* Copy a field that must be text without zeros; false when it does not fit. */
static bool
copy_field(
    const struct gwire_frame *frame, enum gwire_key key, char *dst, size_t size)
{
	size_t n;
	const uint8_t *p = gwire_bytes(frame, key, &n);

	dst[0] = '\0';
	if (p == NULL)
		return true;
	if (n >= size || memchr(p, '\0', n) != NULL)
		return false;
	memcpy(dst, p, n);
	dst[n] = '\0';
	return true;
}

/* A file name of one component, whatever the submitter called it. */
static void
file_name(const struct gwire_frame *frame, char ret_name[SAMPLE_NAME_BYTES])
{
	size_t n, i;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_NAME, &n);

	/* The end of a long name carries the extension. */
	if (n > SAMPLE_NAME_BYTES - 1) {
		p += n - (SAMPLE_NAME_BYTES - 1);
		n = SAMPLE_NAME_BYTES - 1;
	}
	for (i = 0; i < n; i++)
		ret_name[i] = p[i] == '/' || p[i] == '\0' ? '_' : (char)p[i];
	ret_name[n] = '\0';
	if (n == 0 || strcmp(ret_name, ".") == 0 || strcmp(ret_name, "..") == 0)
		memcpy(ret_name, "sample", sizeof("sample"));
}

/* fgetpwent() reads the file itself: a static program has no NSS. */
static void
find_user(struct sample *s)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	(void)snprintf(s->user, sizeof(s->user), "%u", (unsigned int)s->uid);
	(void)snprintf(s->home, sizeof(s->home), "/tmp");
	s->gid = s->uid;
	if (f == NULL)
		return;
	while ((pw = fgetpwent(f)) != NULL) {
		if (pw->pw_uid != s->uid)
			continue;
		s->gid = pw->pw_gid;
		(void)snprintf(s->user, sizeof(s->user), "%s", pw->pw_name);
		(void)snprintf(s->home, sizeof(s->home), "%s", pw->pw_dir);
		break;
	}
	(void)fclose(f);
}

static char *
text_of(const uint8_t *data, size_t size)
{
	return strndup(data == NULL ? "" : (const char *)data, size);
}

static void
add_env(struct sample *s, const char *name, const char *value)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s=%s", name, value);
	s->env[s->env_count] = strdup(text);
	if (s->env[s->env_count] != NULL)
		s->env_count++;
}

static void
default_env(struct sample *s)
{
	add_env(s, "PATH",
	    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_env(s, "HOME", s->home);
	add_env(s, "USER", s->user);
	add_env(s, "LOGNAME", s->user);
	add_env(s, "SHELL", "/bin/bash");
	add_env(s, "PWD", s->home);
	add_env(s, "LANG", "C.UTF-8");
	add_env(s, "TERM", "xterm");
}

static bool
take_strings(struct sample *s, const struct gwire_frame *frame)
{
	struct gwire_cursor cur;
	struct gwire_field field;
	size_t envs = 0;

	default_env(s);
	gwire_fields(frame, &cur);
	while (gwire_field_next(&cur, &field)) {
		if (field.key == WIRE_K_ARG && field.is_bytes) {
			if (s->arg_count == WIRE_STRINGS_MAX)
				return false;
			s->args[s->arg_count] = text_of(field.data, field.size);
			if (s->args[s->arg_count] != NULL)
				s->arg_count++;
		} else if (field.key == WIRE_K_ENV && field.is_bytes) {
			if (envs++ == WIRE_STRINGS_MAX)
				return false;
			s->env[s->env_count] = text_of(field.data, field.size);
			if (s->env[s->env_count] != NULL)
				s->env_count++;
		}
	}
	return !cur.is_damaged;
}

static int
create_file(struct sample *s, const char *name)
{
	int fd;

	if ((size_t)snprintf(s->path, sizeof(s->path), "%s/%s", s->home,
		name) >= sizeof(s->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)mkdir(s->home, 0755);
	(void)unlink(s->path);
	fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0755);
	if (fd == -1)
		return -1;
	(void)!fchown(fd, s->uid, s->gid);
	(void)fchmod(fd, 0755);
	return fd;
}

void
sample_release(struct sample *s)
{
	size_t i;

	if (s->fd > 0)
		(void)close(s->fd);
	for (i = 0; i < s->arg_count; i++)
		free(s->args[i]);
	for (i = 0; i < s->env_count; i++)
		free(s->env[i]);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

enum gwire_ack
sample_begin(
    struct sample *s, const struct gwire_frame *frame, const char **ret_text)
{
	char name[SAMPLE_NAME_BYTES];

	sample_release(s);
	*ret_text = "a field is missing, too long or damaged";
	s->size = gwire_number(frame, WIRE_K_SIZE, UINT64_MAX);
	s->method = (enum gwire_method)gwire_number(frame, WIRE_K_METHOD, 0);
	s->uid = (uid_t)gwire_number(frame, WIRE_K_UID, 0);
	s->time_limit_ms =
	    gwire_number(frame, WIRE_K_TIME_LIMIT_MS, SAMPLE_TIME_LIMIT_MS);
	s->file_bytes_max =
	    gwire_number(frame, WIRE_K_FILE_BYTES_MAX, SAMPLE_FILE_BYTES_MAX);
	s->files_bytes_max =
	    gwire_number(frame, WIRE_K_FILES_BYTES_MAX, SAMPLE_FILES_BYTES_MAX);
	s->console_bytes_max = gwire_number(
	    frame, WIRE_K_CONSOLE_BYTES_MAX, SAMPLE_CONSOLE_BYTES_MAX);
	s->event_bytes_max =
	    gwire_number(frame, WIRE_K_EVENT_BYTES_MAX, SAMPLE_EVENT_BYTES_MAX);
	find_user(s);
	if (s->size == UINT64_MAX || s->method > WIRE_M_MEMBER ||
	    !copy_field(frame, WIRE_K_INTERPRETER, s->interpreter,
		sizeof(s->interpreter)) ||
	    !copy_field(frame, WIRE_K_MEMBER, s->member, sizeof(s->member)) ||
	    !copy_field(
		frame, WIRE_K_PASSWORD, s->password, sizeof(s->password)) ||
	    !take_strings(s, frame))
		return WIRE_A_INVALID;
	file_name(frame, name);
	s->fd = create_file(s, name);
	*ret_text = s->fd == -1 ? strerror(errno) : NULL;
	return s->fd == -1 ? WIRE_A_GUEST : WIRE_A_OK;
}

enum gwire_ack
sample_data(
    struct sample *s, const struct gwire_frame *frame, const char **ret_text)
{
	size_t size;
	const uint8_t *data = gwire_bytes(frame, WIRE_K_DATA, &size);

	*ret_text = "no sample was announced";
	if (s->fd == -1)
		return WIRE_A_STATE;
	*ret_text = "no data, or more than was announced";
	if (data == NULL || size > s->size - s->received)
		return WIRE_A_INVALID;
	s->received += size;
	while (size > 0) {
		ssize_t n = write(s->fd, data, size);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_text = strerror(errno);
			return WIRE_A_GUEST;
		}
		data += n;
		size -= (size_t)n;
	}
	*ret_text = NULL;
	return WIRE_A_OK;
}

static bool
member_is_safe(const char *member)
{
	return member[0] != '\0' && member[0] != '/' && member[0] != '-' &&
	       strstr(member, "..") == NULL;
}

/* Unpack beside the archive; s->path becomes the member's. */
static bool
unpack(struct sample *s)
{
	char tool[START_TEXT_BYTES], out[PATH_MAX], path[PATH_MAX];
	char option[PATH_MAX + 2], password[SAMPLE_PASSWORD_BYTES + 2];
	char *argv7[] = {tool, (char[]){"x"}, (char[]){"-y"}, password, option,
	    (char[]){"--"}, s->path, NULL};
	char *argvt[] = {
	    tool, (char[]){"-xf"}, s->path, (char[]){"-C"}, out, NULL};
	struct stat st;
	int status = -1;

	if (!member_is_safe(s->member) ||
	    (size_t)snprintf(out, sizeof(out), "%s/unpacked", s->home) >=
		sizeof(out) ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", out, s->member) >=
		sizeof(path))
		return false;
	(void)mkdir(out, 0755);
	(void)snprintf(option, sizeof(option), "-o%s", out);
	(void)snprintf(password, sizeof(password), "-p%s", s->password);
	if (start_find_program("7z", tool, sizeof(tool)) ||
	    start_find_program("7zz", tool, sizeof(tool)))
		status = spawn_helper(argv7, UNPACK_TIMEOUT_MS);
	if (stat(path, &st) == -1 &&
	    start_find_program("tar", tool, sizeof(tool)))
		status = spawn_helper(argvt, UNPACK_TIMEOUT_MS);
	/* 7z says 1 for a warning, 2 for a wrong password or damage. */
	if (status < 0 || status > 1)
		return false;
	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return false;
	(void)chmod(path, 0755);
	(void)!chown(path, s->uid, s->gid);
	memcpy(s->path, path, sizeof(path));
	return true;
}

void
sample_plan(struct sample *s, struct start_plan *ret_plan)
{
	uint8_t head[START_HEAD_BYTES];
	struct start_input in = {.method = s->method,
	    .interpreter = s->interpreter,
	    .head = head,
	    .has_program = start_find_program};
	const char *slash;
	ssize_t n = -1;
	int fd;

	/* Text file busy: nobody may have it open for writing at exec. */
	if (s->fd > 0)
		(void)close(s->fd);
	s->fd = -1;
	memset(ret_plan, 0, sizeof(*ret_plan));
	if (s->method == WIRE_M_MEMBER || s->member[0] != '\0') {
		in.method = WIRE_M_AUTO;
		if (!unpack(s)) {
			ret_plan->refusal = WIRE_R_MEMBER;
			(void)snprintf(ret_plan->text, sizeof(ret_plan->text),
			    "the member did not come out of the archive");
			return;
		}
	}
	fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1) {
		n = read(fd, head, sizeof(head));
		(void)close(fd);
	}
	if (n == -1) {
		ret_plan->refusal = WIRE_R_GUEST;
		(void)snprintf(ret_plan->text, sizeof(ret_plan->text),
		    "the sample cannot be read: %s", strerror(errno));
		return;
	}
	slash = strrchr(s->path, '/');
	in.name = slash == NULL ? s->path : slash + 1;
	in.size = (size_t)n;
	start_decide(&in, ret_plan);
}
