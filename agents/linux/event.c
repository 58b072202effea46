/* SPDX-License-Identifier: Apache-2.0 */
/* From the ring's records to the protocol's events. */
#include "event.h"

#include <string.h>

/* What number[i] of a record means, by kind; 0 where it means nothing. */
struct meaning {
	uint16_t kind;
	uint16_t key[RECORD_NUMBERS];
};

#define INODE WIRE_K_DEVICE, WIRE_K_INODE, WIRE_K_MODE, WIRE_K_SIZE
#define OTHER WIRE_K_OTHER_PID, WIRE_K_OTHER_START_NS
#define NET \
 WIRE_K_FAMILY, WIRE_K_PROTOCOL, WIRE_K_LOCAL_PORT, WIRE_K_REMOTE_PORT

static const struct meaning meanings[] = {
    {WIRE_EV_EXEC, {INODE}},
    {WIRE_EV_EXEC_FAILED, {0, 0, 0, 0, WIRE_K_RESULT}},
    {WIRE_EV_FORK, {OTHER}},
    {WIRE_EV_EXIT, {WIRE_K_STATUS}},
    {WIRE_EV_FILE_CREATE, {INODE, WIRE_K_OPEN_FLAGS}},
    {WIRE_EV_FILE_WRITE, {INODE, WIRE_K_OPEN_FLAGS}},
    {WIRE_EV_FILE_WRITTEN, {INODE}},
    {WIRE_EV_FILE_READ, {INODE, WIRE_K_OPEN_FLAGS}},
    {WIRE_EV_FILE_RENAME, {INODE}},
    {WIRE_EV_FILE_DELETE, {INODE}},
    {WIRE_EV_FILE_LINK, {INODE}},
    {WIRE_EV_FILE_MODE, {INODE}},
    {WIRE_EV_FILE_OWNER, {INODE, WIRE_K_NEW_UID, WIRE_K_NEW_GID}},
    {WIRE_EV_DIR_DELETE, {INODE}},
    {WIRE_EV_FILE_NODE, {0, 0, WIRE_K_MODE}},
    {WIRE_EV_FILE_TRUNCATE, {INODE}},
    {WIRE_EV_FILE_ATTRIBUTE, {INODE}},
    {WIRE_EV_CONNECT, {NET}},
    {WIRE_EV_BIND, {NET}},
    {WIRE_EV_LISTEN, {NET}},
    {WIRE_EV_ACCEPT, {NET}},
    {WIRE_EV_DATAGRAM, {NET, WIRE_K_LENGTH}},
    {WIRE_EV_DNS_QUERY, {NET, WIRE_K_LENGTH}},
    {WIRE_EV_SOCKET, {NET}},
    {WIRE_EV_PTRACE, {OTHER}},
    {WIRE_EV_MEMORY_WRITE, {OTHER}},
    {WIRE_EV_MEMORY_EXEC, {WIRE_K_ADDRESS, WIRE_K_LENGTH, WIRE_K_PROTECTION}},
    {WIRE_EV_MOUNT, {0, 0, 0, 0, WIRE_K_OPTION}},
    {WIRE_EV_UNMOUNT, {0, 0, 0, 0, WIRE_K_OPTION}},
    {WIRE_EV_SET_UID, {WIRE_K_NEW_UID, WIRE_K_NEW_GID, WIRE_K_CAPABILITIES}},
    {WIRE_EV_SET_GID, {WIRE_K_NEW_UID, WIRE_K_NEW_GID, WIRE_K_CAPABILITIES}},
    {WIRE_EV_SET_CAPS, {WIRE_K_NEW_UID, WIRE_K_NEW_GID, WIRE_K_CAPABILITIES}},
    {WIRE_EV_KILL, {OTHER, WIRE_K_SIGNAL}},
    {WIRE_EV_AGENT_ATTACK, {OTHER, WIRE_K_SIGNAL}},
    {WIRE_EV_BPF, {WIRE_K_OPTION}},
    {WIRE_EV_NAMESPACE, {WIRE_K_OPTION}},
    {WIRE_EV_PRCTL, {WIRE_K_OPTION}},
    {WIRE_EV_REBOOT, {WIRE_K_OPTION}},
};

const uint8_t *
event_text(
    const struct record *record, enum record_text which, size_t *ret_size)
{
	const uint8_t *p = (const uint8_t *)record + sizeof(*record);
	unsigned int i;

	for (i = 0; i < (unsigned int)which; i++)
		p += record->text_bytes[i];
	*ret_size = record->text_bytes[which];
	return p;
}

size_t
event_path(const uint8_t *text, size_t size, bool is_cut,
    char ret_path[EVENT_PATH_BYTES])
{
	size_t out = 0;

	/* The last zero closes the last component. */
	if (size > 0 && text[size - 1] == '\0')
		size--;
	if (size == 0)
		ret_path[out++] = '/';
	while (size > 0) {
		size_t start = size;

		while (start > 0 && text[start - 1] != '\0')
			start--;
		if (size - start + 2 > EVENT_PATH_BYTES - out)
			break;
		if (out > 0 || !is_cut)
			ret_path[out++] = '/';
		memcpy(ret_path + out, text + start, size - start);
		out += size - start;
		size = start > 0 ? start - 1 : 0;
	}
	ret_path[out] = '\0';
	return out;
}

static bool
texts_fit(const struct record *record, size_t size)
{
	size_t left = size - sizeof(*record);
	unsigned int i;

	for (i = 0; i < TEXT_COUNT; i++) {
		if (record->text_bytes[i] > left)
			return false;
		left -= record->text_bytes[i];
	}
	return true;
}

static bool
is_network(uint16_t kind)
{
	return kind >= WIRE_EV_CONNECT && kind <= WIRE_EV_SOCKET;
}

static bool
kind_has_path(uint16_t kind)
{
	return kind == WIRE_EV_EXEC ||
	       (kind >= WIRE_EV_FILE_CREATE &&
		   kind <= WIRE_EV_FILE_ATTRIBUTE) ||
	       kind == WIRE_EV_MOUNT || kind == WIRE_EV_UNMOUNT ||
	       kind == WIRE_EV_CHROOT;
}

static void
put_path(struct gwire_builder *b, enum gwire_key key,
    const struct record *record, enum record_text which)
{
	char path[EVENT_PATH_BYTES];
	size_t size, n;
	const uint8_t *text = event_text(record, which, &size);
	int cut = which == TEXT_TARGET ? WIRE_F_CUT_TARGET : WIRE_F_CUT_PATH;

	n = event_path(text, size, (record->flags & cut) != 0, path);
	gwire_put_bytes(b, key, path, n);
}

static void
put_text(struct gwire_builder *b, enum gwire_key key,
    const struct record *record, enum record_text which)
{
	size_t size;
	const uint8_t *text = event_text(record, which, &size);

	if (size > 0)
		gwire_put_bytes(b, key, text, size);
}

/* unix(7): a path ends at its zero, an abstract name begins with one. */
static void
put_unix_name(struct gwire_builder *b, const struct record *record)
{
	size_t size;
	const uint8_t *text = event_text(record, TEXT_NAME, &size);

	if (size > 0 && text[0] != '\0')
		size = strnlen((const char *)text, size);
	if (size > 0)
		gwire_put_bytes(b, WIRE_K_NAME, text, size);
}

static void
put_numbers(struct gwire_builder *b, const struct record *record)
{
	size_t i, k;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].kind != record->kind)
			continue;
		for (k = 0; k < RECORD_NUMBERS; k++)
			if (meanings[i].key[k] != 0)
				gwire_put_number(b,
				    (enum gwire_key)meanings[i].key[k],
				    record->number[k]);
	}
}

static void
put_texts(struct gwire_builder *b, const struct record *record)
{
	uint16_t kind = record->kind;

	if (is_network(kind)) {
		put_text(b, WIRE_K_LOCAL_ADDRESS, record, TEXT_PATH);
		put_text(b, WIRE_K_REMOTE_ADDRESS, record, TEXT_TARGET);
	} else if (kind_has_path(kind) || record->text_bytes[TEXT_PATH] > 0) {
		put_path(b, WIRE_K_PATH, record, TEXT_PATH);
	}
	if (kind == WIRE_EV_FILE_RENAME || kind == WIRE_EV_FILE_LINK)
		put_path(b, WIRE_K_TARGET, record, TEXT_TARGET);
	if (kind == WIRE_EV_EXEC)
		put_path(b, WIRE_K_CWD, record, TEXT_CWD);
	put_text(b, kind == WIRE_EV_MOUNT ? WIRE_K_FSTYPE : WIRE_K_ARGV, record,
	    TEXT_ARGV);
	put_text(b, WIRE_K_ENVP, record, TEXT_ENVP);
	switch (kind) {
	case WIRE_EV_PTRACE:
	case WIRE_EV_MEMORY_WRITE:
	case WIRE_EV_KILL:
		put_text(b, WIRE_K_OTHER_COMM, record, TEXT_NAME);
		break;
	case WIRE_EV_FILE_SYMLINK:
		put_text(b, WIRE_K_TARGET, record, TEXT_NAME);
		break;
	case WIRE_EV_DATAGRAM:
	case WIRE_EV_DNS_QUERY:
		break;
	case WIRE_EV_CONNECT:
	case WIRE_EV_BIND:
		put_unix_name(b, record);
		break;
	default:
		put_text(b, WIRE_K_NAME, record, TEXT_NAME);
		break;
	}
}

/* A datagram to a resolver's port that asks for a name becomes a query. */
static bool
dns_question(const struct record *record, char name[WIRE_DNS_NAME_BYTES],
    uint16_t *ret_type)
{
	size_t size;
	const uint8_t *payload = event_text(record, TEXT_NAME, &size);
	uint64_t port = record->number[3];

	if (record->kind != WIRE_EV_DATAGRAM ||
	    (port != 53 && port != 5353 && port != 5355))
		return false;
	return gwire_dns_question(payload, size, name, ret_type);
}

bool
event_put(struct gwire_builder *b, const struct record *record, size_t size,
    int64_t wall_offset_ns)
{
	char name[WIRE_DNS_NAME_BYTES];
	uint16_t dns_type = 0, kind = record->kind;
	bool is_dns;

	if (size < sizeof(*record) || !texts_fit(record, size))
		return false;
	is_dns = dns_question(record, name, &dns_type);
	if (is_dns)
		kind = WIRE_EV_DNS_QUERY;
	gwire_put_number(b, WIRE_K_EVENT_KIND, kind);
	gwire_put_number(b, WIRE_K_FLAGS, record->flags);
	gwire_put_number(b, WIRE_K_MONO_NS, record->mono_ns);
	gwire_put_number(
	    b, WIRE_K_WALL_NS, record->mono_ns + (uint64_t)wall_offset_ns);
	gwire_put_number(b, WIRE_K_CPU, record->cpu);
	gwire_put_number(b, WIRE_K_PID, record->pid);
	gwire_put_number(b, WIRE_K_TID, record->tid);
	gwire_put_number(b, WIRE_K_START_NS, record->start_ns);
	gwire_put_number(b, WIRE_K_PPID, record->ppid);
	gwire_put_number(b, WIRE_K_PARENT_START_NS, record->parent_start_ns);
	gwire_put_number(b, WIRE_K_UID, record->uid);
	gwire_put_number(b, WIRE_K_EUID, record->euid);
	gwire_put_number(b, WIRE_K_GID, record->gid);
	gwire_put_number(b, WIRE_K_SYSCALL, record->syscall);
	gwire_put_bytes(b, WIRE_K_COMM, record->comm,
	    strnlen(record->comm, sizeof(record->comm)));
	put_numbers(b, record);
	put_texts(b, record);
	if (is_dns) {
		gwire_put_text(b, WIRE_K_DNS_NAME, name);
		gwire_put_number(b, WIRE_K_DNS_TYPE, dns_type);
	}
	return true;
}
