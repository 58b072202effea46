/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - the guest protocol: frames, fields and events.
 *
 * Names begin with gwire_, for "guest": the message layer of the
 * orchestrator's own programs (lib/wire.h) has wire_ to itself.
 *
 * PROTOCOL.md is the description for people. The same code runs in the
 * guest's agent, in the VM controller and in the caged behaviour analyser,
 * so it needs nothing but the C library, allocates nothing and accepts any
 * bytes: a frame is either intact or it is counted as malformed.
 *
 * All numbers are little-endian. A frame is a header of WIRE_HEADER_BYTES
 * and a payload; a payload is a list of fields (key, width, value).
 * Unknown keys are skipped, so that both ends can learn new ones.
 */
#ifndef AGENTS_WIRE_H
#define AGENTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_PORT_NAME	   "org.loep.agent"
#define WIRE_VERSION	   1u
#define WIRE_MAGIC	   0x50454F4Cu /* "LOEP" */
#define WIRE_HEADER_BYTES  24u
#define WIRE_PAYLOAD_BYTES 65536u
#define WIRE_FRAME_BYTES   (WIRE_HEADER_BYTES + WIRE_PAYLOAD_BYTES)
/* Bulk data per frame: leaves room for the other fields of its payload. */
#define WIRE_CHUNK_BYTES 61440u
/* A string list (arguments, environment) never has more entries. */
#define WIRE_STRINGS_MAX 256u

/* X(name, number). Controller to guest: below 64. Guest to controller: rest. */
#define WIRE_TYPES(X) \
 X(HELLO, 1)          \
 X(PING, 2)           \
 X(SET_CLOCK, 3)      \
 X(SAMPLE, 4)         \
 X(SAMPLE_DATA, 5)    \
 X(START, 6)          \
 X(STOP, 7)           \
 X(COLLECT, 8)        \
 X(SHUTDOWN, 9)       \
 X(READY, 64)         \
 X(ACK, 65)           \
 X(STARTED, 66)       \
 X(NOT_EXECUTED, 67)  \
 X(EVENT, 68)         \
 X(LOST, 69)          \
 X(CONSOLE, 70)       \
 X(FILE_BEGIN, 71)    \
 X(FILE_DATA, 72)     \
 X(FILE_END, 73)      \
 X(EXITED, 74)        \
 X(DONE, 75)          \
 X(LOG, 76)

enum gwire_type {
#define X(name, number) WIRE_##name = number,
	WIRE_TYPES(X)
#undef X
};

/* X(name, number, kind): kind N is a number, B is bytes. */
#define WIRE_KEYS(X)         \
 X(VERSION, 1, N)            \
 X(TEXT, 2, B)               \
 X(CODE, 3, N)               \
 X(ACKED, 4, N)              \
 X(WALL_NS, 5, N)            \
 X(MONO_NS, 6, N)            \
 X(KERNEL, 7, B)             \
 X(BOOT_ID, 8, B)            \
 X(PROBE_ON, 9, B)           \
 X(PROBE_OFF, 10, B)         \
 X(DATA, 11, B)              \
 X(SIZE, 12, N)              \
 X(OFFSET, 13, N)            \
 X(NAME, 14, B)              \
 X(ARG, 15, B)               \
 X(ENV, 16, B)               \
 X(METHOD, 17, N)            \
 X(INTERPRETER, 18, B)       \
 X(MEMBER, 19, B)            \
 X(PASSWORD, 20, B)          \
 X(TIME_LIMIT_MS, 21, N)     \
 X(FILE_BYTES_MAX, 22, N)    \
 X(FILES_BYTES_MAX, 23, N)   \
 X(CONSOLE_BYTES_MAX, 24, N) \
 X(EVENT_BYTES_MAX, 25, N)   \
 X(SHA256, 26, B)            \
 X(TRUNCATED, 27, N)         \
 X(REASON, 28, N)            \
 X(STREAM, 29, N)            \
 X(SOURCE, 30, N)            \
 X(COUNT, 31, N)             \
 X(EVENTS, 32, N)            \
 X(FILES, 33, N)             \
 X(CAUSE, 34, N)             \
 X(EVENT_KIND, 40, N)        \
 X(FLAGS, 41, N)             \
 X(CPU, 42, N)               \
 X(PID, 43, N)               \
 X(TID, 44, N)               \
 X(START_NS, 45, N)          \
 X(PPID, 46, N)              \
 X(PARENT_START_NS, 47, N)   \
 X(UID, 48, N)               \
 X(EUID, 49, N)              \
 X(GID, 50, N)               \
 X(COMM, 51, B)              \
 X(SYSCALL, 52, N)           \
 X(PATH, 60, B)              \
 X(TARGET, 61, B)            \
 X(ARGV, 62, B)              \
 X(ENVP, 63, B)              \
 X(CWD, 64, B)               \
 X(MODE, 65, N)              \
 X(NEW_UID, 66, N)           \
 X(NEW_GID, 67, N)           \
 X(DEVICE, 68, N)            \
 X(INODE, 69, N)             \
 X(OPEN_FLAGS, 70, N)        \
 X(OTHER_PID, 71, N)         \
 X(OTHER_START_NS, 72, N)    \
 X(OTHER_COMM, 73, B)        \
 X(STATUS, 74, N)            \
 X(SIGNAL, 75, N)            \
 X(FAMILY, 76, N)            \
 X(PROTOCOL, 77, N)          \
 X(LOCAL_ADDRESS, 78, B)     \
 X(LOCAL_PORT, 79, N)        \
 X(REMOTE_ADDRESS, 80, B)    \
 X(REMOTE_PORT, 81, N)       \
 X(DNS_NAME, 82, B)          \
 X(DNS_TYPE, 83, N)          \
 X(ADDRESS, 84, N)           \
 X(LENGTH, 85, N)            \
 X(PROTECTION, 86, N)        \
 X(FSTYPE, 87, B)            \
 X(CAPABILITIES, 88, N)      \
 X(OPTION, 89, N)            \
 X(RESULT, 90, N)

enum gwire_key {
#define X(name, number, kind) WIRE_K_##name = number,
	WIRE_KEYS(X)
#undef X
};

/* X(name, number, label). The label is how reports and NDJSON name it. */
#define WIRE_EVENTS(X)                   \
 X(EXEC, 1, "exec")                      \
 X(FORK, 2, "fork")                      \
 X(EXIT, 3, "exit")                      \
 X(FILE_CREATE, 4, "file_create")        \
 X(FILE_WRITE, 5, "file_write")          \
 X(FILE_WRITTEN, 6, "file_written")      \
 X(FILE_RENAME, 7, "file_rename")        \
 X(FILE_DELETE, 8, "file_delete")        \
 X(FILE_LINK, 9, "file_link")            \
 X(FILE_SYMLINK, 10, "file_symlink")     \
 X(FILE_MODE, 11, "file_mode")           \
 X(FILE_OWNER, 12, "file_owner")         \
 X(DIR_CREATE, 13, "dir_create")         \
 X(DIR_DELETE, 14, "dir_delete")         \
 X(FILE_NODE, 15, "file_node")           \
 X(FILE_TRUNCATE, 16, "file_truncate")   \
 X(FILE_READ, 17, "file_read")           \
 X(FILE_ATTRIBUTE, 18, "file_attribute") \
 X(CONNECT, 20, "connect")               \
 X(BIND, 21, "bind")                     \
 X(LISTEN, 22, "listen")                 \
 X(ACCEPT, 23, "accept")                 \
 X(DATAGRAM, 24, "datagram")             \
 X(DNS_QUERY, 25, "dns_query")           \
 X(SOCKET, 26, "socket")                 \
 X(PTRACE, 30, "ptrace")                 \
 X(MEMORY_WRITE, 31, "memory_write")     \
 X(MEMFD, 32, "memfd")                   \
 X(MEMORY_EXEC, 33, "memory_exec")       \
 X(MODULE, 34, "module")                 \
 X(MOUNT, 35, "mount")                   \
 X(UNMOUNT, 36, "unmount")               \
 X(SET_UID, 37, "set_uid")               \
 X(SET_GID, 38, "set_gid")               \
 X(SET_CAPS, 39, "set_caps")             \
 X(KILL, 40, "kill")                     \
 X(BPF, 41, "bpf")                       \
 X(NAMESPACE, 42, "namespace")           \
 X(PRCTL, 43, "prctl")                   \
 X(REBOOT, 44, "reboot")                 \
 X(SET_TIME, 45, "set_time")             \
 X(CHROOT, 46, "chroot")                 \
 X(AGENT_ATTACK, 47, "agent_attack")     \
 X(EXEC_FAILED, 48, "exec_failed")

enum gwire_event_kind {
#define X(name, number, label) WIRE_EV_##name = number,
	WIRE_EVENTS(X)
#undef X
};

/* Bits of WIRE_K_FLAGS of an event. */
enum gwire_event_flag {
	WIRE_F_SAMPLE = 1,    /* by the sample, its children or its victims */
	WIRE_F_INJECTED = 2,  /* by a process that the sample wrote into */
	WIRE_F_CUT_PATH = 4,  /* PATH is only the end of a longer path */
	WIRE_F_CUT_ARGV = 8,  /* ARGV was longer */
	WIRE_F_CUT_ENVP = 16, /* ENVP was longer */
	WIRE_F_REFUSED = 32,  /* the agent's guard refused the action */
	WIRE_F_KERNEL = 64,   /* by a kernel thread */
	WIRE_F_CUT_TARGET = 128, /* TARGET is only the end of a longer path */
};

/* WIRE_K_METHOD of SAMPLE: how the sample is to be started. */
enum gwire_method {
	WIRE_M_AUTO = 0,
	WIRE_M_ELF = 1,
	WIRE_M_SCRIPT = 2,	/* by its #! line, extension or content */
	WIRE_M_INTERPRETER = 3, /* WIRE_K_INTERPRETER names the program */
	WIRE_M_MEMBER = 4,	/* WIRE_K_MEMBER of an archive */
};

/* WIRE_K_REASON of NOT_EXECUTED. WIRE_K_TEXT says it in words. */
enum gwire_refusal {
	WIRE_R_EMPTY = 1,	 /* no bytes */
	WIRE_R_UNKNOWN = 2,	 /* nothing tells how to start it */
	WIRE_R_ARCHITECTURE = 3, /* an ELF file for another machine */
	WIRE_R_FORMAT = 4,	/* a program of another system, or no program */
	WIRE_R_INTERPRETER = 5, /* the interpreter is not in this guest */
	WIRE_R_MEMBER = 6,	/* the archive member did not come out */
	WIRE_R_EXEC = 7,	/* the kernel refused it; WIRE_K_CODE = errno */
	WIRE_R_GUEST = 8,	/* the guest failed: no space, no pipe ... */
};

/* WIRE_K_REASON of FILE_BEGIN. */
enum gwire_file_reason {
	WIRE_FR_WRITTEN = 1,
	WIRE_FR_DELETED = 2, /* written by the sample, then deleted */
	WIRE_FR_RENAMED = 3, /* PATH is where it is now, TARGET where it was */
	WIRE_FR_MEMFD = 4,
	WIRE_FR_EXECUTED = 5, /* executed and no longer reachable by name */
	WIRE_FR_ASKED = 6,    /* the controller asked for it with COLLECT */
};

/* WIRE_K_SOURCE of LOST. */
enum gwire_source {
	WIRE_S_RING = 1,    /* event ring full; WIRE_K_CPU says where */
	WIRE_S_PROBE = 2,   /* a probe ran into itself or could not run */
	WIRE_S_LIMIT = 3,   /* EVENT_BYTES_MAX reached */
	WIRE_S_CONSOLE = 4, /* bytes of console output over the limit */
	WIRE_S_FILES = 5,   /* files that were not kept or not sent */
	WIRE_S_FANOTIFY = 6 /* the kernel's queue of file events overflowed */
};

/* WIRE_K_CAUSE of DONE: why the run ended. */
enum gwire_cause {
	WIRE_C_ENDED = 1,   /* the sample and all that it started are gone */
	WIRE_C_TIMEOUT = 2, /* the time limit */
	WIRE_C_STOPPED = 3, /* STOP */
	WIRE_C_NOT_EXECUTED = 4,
};

/* WIRE_K_CODE of ACK. WIRE_K_TEXT says it in words. */
enum gwire_ack {
	WIRE_A_OK = 0,
	WIRE_A_STATE = 1,   /* not now */
	WIRE_A_UNKNOWN = 2, /* no such frame type in this version */
	WIRE_A_INVALID = 3, /* a needed field is missing or out of range */
	WIRE_A_GUEST = 4,   /* the guest could not do it */
};

/* A decoded frame; payload points into the decoder. */
struct gwire_frame {
	uint8_t version;
	uint8_t type;
	uint32_t sequence;
	const uint8_t *payload;
	size_t size;
};

struct gwire_field {
	uint16_t key;
	bool is_bytes;
	uint64_t number;     /* when !is_bytes */
	const uint8_t *data; /* when is_bytes */
	size_t size;
};

/* Walks over the fields of one payload; after damage it stays at the end. */
struct gwire_cursor {
	const uint8_t *pos;
	const uint8_t *end;
	bool is_damaged;
};

/*
 * Incremental frame decoder. Plain data of about 64 KiB: zero it to
 * initialise. Damage is skipped up to the next header that is intact and
 * counted; frames behind it are still found.
 */
struct gwire_decoder {
	uint64_t frames;	/* intact frames */
	uint64_t malformed;	/* places where the stream was damaged */
	uint64_t skipped_bytes; /* bytes of those places */
	uint64_t gaps;		/* sequence numbers that never came */
	uint64_t decoded_bytes; /* bytes of intact frames */
	uint64_t summed_bytes;	/* bytes whose checksum was computed */
	uint32_t next_sequence;
	bool has_sequence;
	bool is_skipping;
	size_t start; /* first byte not yet decoded */
	size_t end;   /* behind the last byte pushed */
	uint8_t buf[WIRE_FRAME_BYTES];
};

/* Builds one frame in a caller's buffer; the first failure sticks. */
struct gwire_builder {
	uint8_t *buf;
	size_t size_max;
	size_t size;
	bool has_failed;
};

/*
 * Take up to n bytes into the decoder; returns how many were taken, 0 when
 * it is full of frames that gwire_next() has yet to return.
 */
size_t gwire_push(struct gwire_decoder *dec, const void *data, size_t n);

/*
 * The next intact frame, valid until the next call on dec. False when more
 * bytes are needed.
 */
bool gwire_next(struct gwire_decoder *dec, struct gwire_frame *ret_frame);

/*
 * The stream has ended: what is left over is an incomplete frame and is
 * counted as malformed, after frames inside it have been looked for with
 * gwire_next(). Call in turn with gwire_next() until it returns false.
 */
bool gwire_finish(struct gwire_decoder *dec, struct gwire_frame *ret_frame);

/* Start a walk over the fields of a frame. */
void gwire_fields(
    const struct gwire_frame *frame, struct gwire_cursor *ret_cur);

/* The next field; false at the end or at damage (cur->is_damaged). */
bool gwire_field_next(struct gwire_cursor *cur, struct gwire_field *ret_field);

/* First field with that key. False when absent. */
bool gwire_find(const struct gwire_frame *frame, enum gwire_key key,
    struct gwire_field *ret_field);

/* First number with that key, or the fallback. */
uint64_t gwire_number(
    const struct gwire_frame *frame, enum gwire_key key, uint64_t fallback);

/*
 * First bytes with that key: pointer into the frame and size, not
 * terminated. NULL and 0 when absent.
 */
const uint8_t *gwire_bytes(
    const struct gwire_frame *frame, enum gwire_key key, size_t *ret_size);

/* True when every field of the payload can be read. */
bool gwire_is_intact(const struct gwire_frame *frame);

/* Begin a frame of that type in buf (WIRE_FRAME_BYTES always suffices). */
void gwire_begin(
    struct gwire_builder *b, void *buf, size_t size_max, enum gwire_type type);
void gwire_put_number(
    struct gwire_builder *b, enum gwire_key key, uint64_t value);
void gwire_put_bytes(
    struct gwire_builder *b, enum gwire_key key, const void *data, size_t size);
/* As gwire_put_bytes() of a C string; NULL puts nothing. */
void gwire_put_text(
    struct gwire_builder *b, enum gwire_key key, const char *text);

/*
 * Finish the frame: length, sequence, checksums. Returns its size in bytes,
 * 0 when it did not fit.
 */
size_t gwire_end(struct gwire_builder *b, uint32_t sequence);

/* Names for reports; NULL for a number that has none. */
const char *gwire_type_name(unsigned int type);
const char *gwire_key_name(unsigned int key);
const char *gwire_event_name(unsigned int kind);
const char *gwire_refusal_name(unsigned int reason);
const char *gwire_file_reason_name(unsigned int reason);
const char *gwire_source_name(unsigned int source);
const char *gwire_cause_name(unsigned int cause);

/* True when the key's value is bytes, by the table above. */
bool gwire_key_is_bytes(unsigned int key);

/* CRC-32C (RFC 3720 B.4) of data, continuing from crc (0 to start). */
uint32_t gwire_crc32c(uint32_t crc, const void *data, size_t size);

/*
 * The name asked for in a DNS message (RFC 1035 4.1.2): dotted text with
 * bytes outside printable ASCII, dots and backslashes as \DDD, at most
 * 1,024 bytes with the terminating zero. False when msg is not a query or
 * its first question is damaged.
 */
#define WIRE_DNS_NAME_BYTES 1024u
bool gwire_dns_question(const uint8_t *msg, size_t size,
    char ret_name[WIRE_DNS_NAME_BYTES], uint16_t *ret_type);

#endif
