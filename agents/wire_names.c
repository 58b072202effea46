/* SPDX-License-Identifier: Apache-2.0 */
/* Guest protocol: names of the numbers, for reports and diagnostics. */
#include "wire.h"

const char *
gwire_type_name(unsigned int type)
{
	switch (type) {
#define X(name, number) \
 case number:           \
  return #name;
		WIRE_TYPES(X)
#undef X
	default:
		return NULL;
	}
}

const char *
gwire_key_name(unsigned int key)
{
	switch (key) {
#define X(name, number, kind) \
 case number:                 \
  return #name;
		WIRE_KEYS(X)
#undef X
	default:
		return NULL;
	}
}

bool
gwire_key_is_bytes(unsigned int key)
{
	switch (key) {
#define X(name, number, kind) \
 case number:                 \
  return #kind[0] == 'B';
		WIRE_KEYS(X)
#undef X
	default:
		return false;
	}
}

const char *
gwire_event_name(unsigned int kind)
{
	switch (kind) {
#define X(name, number, label) \
 case number:                  \
  return label;
		WIRE_EVENTS(X)
#undef X
	default:
		return NULL;
	}
}

const char *
gwire_refusal_name(unsigned int reason)
{
	switch (reason) {
	case WIRE_R_EMPTY:
		return "empty";
	case WIRE_R_UNKNOWN:
		return "unknown_type";
	case WIRE_R_ARCHITECTURE:
		return "other_architecture";
	case WIRE_R_FORMAT:
		return "unsupported_format";
	case WIRE_R_INTERPRETER:
		return "no_interpreter";
	case WIRE_R_MEMBER:
		return "no_member";
	case WIRE_R_EXEC:
		return "exec_failed";
	case WIRE_R_GUEST:
		return "guest_failed";
	default:
		return NULL;
	}
}

const char *
gwire_file_reason_name(unsigned int reason)
{
	switch (reason) {
	case WIRE_FR_WRITTEN:
		return "written";
	case WIRE_FR_DELETED:
		return "deleted";
	case WIRE_FR_RENAMED:
		return "renamed";
	case WIRE_FR_MEMFD:
		return "memfd";
	case WIRE_FR_EXECUTED:
		return "executed";
	case WIRE_FR_ASKED:
		return "asked";
	default:
		return NULL;
	}
}

const char *
gwire_source_name(unsigned int source)
{
	switch (source) {
	case WIRE_S_RING:
		return "ring";
	case WIRE_S_PROBE:
		return "probe";
	case WIRE_S_LIMIT:
		return "limit";
	case WIRE_S_CONSOLE:
		return "console";
	case WIRE_S_FILES:
		return "files";
	case WIRE_S_FANOTIFY:
		return "fanotify";
	default:
		return NULL;
	}
}

const char *
gwire_cause_name(unsigned int cause)
{
	switch (cause) {
	case WIRE_C_ENDED:
		return "ended";
	case WIRE_C_TIMEOUT:
		return "timeout";
	case WIRE_C_STOPPED:
		return "stopped";
	case WIRE_C_NOT_EXECUTED:
		return "not_executed";
	default:
		return NULL;
	}
}
