/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigma_fields.c - an event in the vocabulary of Sigma rules.
 *
 * Names follow the Sigma specification's taxonomy (appendix "Sigma Taxonomy",
 * version 2): the same rule then detects on logs and on runs.
 */
#include "analysers/behaviour/sigma_fields.h"

#include "analysers/behaviour/process.h"

static const char *
category_of(unsigned int kind)
{
	switch (kind) {
	case WIRE_EV_EXEC:
		return "process_creation";
	case WIRE_EV_EXIT:
		return "process_termination";
	case WIRE_EV_FILE_CREATE:
	case WIRE_EV_FILE_LINK:
	case WIRE_EV_FILE_SYMLINK:
	case WIRE_EV_DIR_CREATE:
		return "file_event";
	case WIRE_EV_FILE_WRITE:
	case WIRE_EV_FILE_WRITTEN:
	case WIRE_EV_FILE_TRUNCATE:
	case WIRE_EV_FILE_MODE:
	case WIRE_EV_FILE_OWNER:
		return "file_change";
	case WIRE_EV_FILE_RENAME:
		return "file_rename";
	case WIRE_EV_FILE_DELETE:
	case WIRE_EV_DIR_DELETE:
		return "file_delete";
	case WIRE_EV_FILE_READ:
		return "file_access";
	case WIRE_EV_CONNECT:
	case WIRE_EV_ACCEPT:
		return "network_connection";
	case WIRE_EV_DNS_QUERY:
		return "dns_query";
	case WIRE_EV_PTRACE:
	case WIRE_EV_MEMORY_WRITE:
		return "process_access";
	case WIRE_EV_MODULE:
		return "driver_load";
	default:
		return NULL;
	}
}

static void
set_text(json_t *e, const char *name, const char *s)
{
	if (s != NULL && s[0] != '\0')
		(void)json_object_set_new(e, name, record_text(s, strlen(s)));
}

static void
set_field(
    json_t *e, const char *name, const struct event *event, enum gwire_key key)
{
	json_t *text = event_text(event, key);

	if (text != NULL)
		(void)json_object_set_new(e, name, text);
}

static void
set_number(json_t *e, const char *name, uint64_t n)
{
	(void)json_object_set_new(
	    e, name, json_integer((json_int_t)(n & INT64_MAX)));
}

static void
set_process(json_t *e, const struct event *event)
{
	const struct process *q = event->process;

	set_number(e, "ProcessId", event->pid);
	(void)json_object_set_new(e, "ProcessGuid",
	    json_sprintf("%llu-%llx", (unsigned long long)event->pid,
		(unsigned long long)event->start_ns));
	(void)json_object_set_new(e, "User",
	    event->uid == 0
		? json_string("root")
		: json_sprintf("uid:%llu", (unsigned long long)event->uid));
	if (q == NULL)
		return;
	set_text(e, "Image", q->image);
	if (event->kind != WIRE_EV_EXEC)
		return;
	set_text(e, "CommandLine", q->command);
	set_text(e, "CurrentDirectory", q->directory);
	set_number(e, "ParentProcessId", event->ppid);
	if (q->parent != NULL) {
		set_text(e, "ParentImage", q->parent->image);
		set_text(e, "ParentCommandLine", q->parent->command);
	}
}

/* The name of a Unix socket: up to its NUL; an abstract one begins with it. */
static void
set_socket_name(json_t *e, const struct event *event)
{
	size_t len;
	const char *name =
	    (const char *)gwire_bytes(event->frame, WIRE_K_NAME, &len);

	if (name == NULL || len == 0)
		return;
	if (name[0] != '\0')
		len = strnlen(name, len);
	(void)json_object_set_new(e, "UnixSocket", record_text(name, len));
}

static void
set_network(json_t *e, const struct event *event)
{
	char address[64];
	uint64_t protocol = event_number(event, WIRE_K_PROTOCOL);

	if (event_number(event, WIRE_K_FAMILY) == 1) {
		set_socket_name(e, event);
		return;
	}
	set_text(e, "DestinationIp",
	    event_address(
		event, WIRE_K_REMOTE_ADDRESS, address, sizeof(address)));
	set_number(
	    e, "DestinationPort", event_number(event, WIRE_K_REMOTE_PORT));
	set_text(e, "SourceIp",
	    event_address(
		event, WIRE_K_LOCAL_ADDRESS, address, sizeof(address)));
	set_number(e, "SourcePort", event_number(event, WIRE_K_LOCAL_PORT));
	set_text(e, "Protocol", protocol == 17 ? "udp" : "tcp");
	(void)json_object_set_new(e, "Initiated",
	    json_string(event->kind == WIRE_EV_ACCEPT ? "false" : "true"));
}

static void
set_kind(json_t *e, const struct event *event)
{
	switch (event->kind) {
	case WIRE_EV_CONNECT:
	case WIRE_EV_ACCEPT:
	case WIRE_EV_BIND:
	case WIRE_EV_LISTEN:
	case WIRE_EV_DATAGRAM:
		set_network(e, event);
		break;
	case WIRE_EV_DNS_QUERY:
		set_field(e, "QueryName", event, WIRE_K_DNS_NAME);
		set_number(
		    e, "record_type", event_number(event, WIRE_K_DNS_TYPE));
		break;
	case WIRE_EV_PTRACE:
	case WIRE_EV_MEMORY_WRITE:
	case WIRE_EV_KILL:
	case WIRE_EV_FORK:
	case WIRE_EV_AGENT_ATTACK:
		set_number(e, "TargetProcessId",
		    event_number(event, WIRE_K_OTHER_PID));
		set_field(e, "TargetImage", event, WIRE_K_OTHER_COMM);
		break;
	case WIRE_EV_FILE_RENAME:
	case WIRE_EV_FILE_LINK:
		set_text(e, "SourceFilename", event->path);
		set_text(e, "TargetFilename", event->target);
		break;
	case WIRE_EV_EXIT:
		set_number(e, "ExitStatus", event_number(event, WIRE_K_STATUS));
		break;
	case WIRE_EV_EXEC:
		break;
	default:
		set_text(e, "TargetFilename", event->path);
		set_field(e, "Name", event, WIRE_K_NAME);
	}
}

json_t *
sigma_fields(const struct event *event)
{
	const char *name = gwire_event_name(event->kind);
	const char *category = category_of(event->kind);
	json_t *e = json_object();

	set_number(e, "time_us", event->wall_ns / 1000);
	set_text(e, "class",
	    category != NULL ? category
	    : name != NULL   ? name
			     : "unknown");
	set_text(e, "action", name);
	(void)json_object_set_new(
	    e, "sample", json_boolean(event_is_of_sample(event)));
	set_process(e, event);
	set_kind(e, event);
	if (event->kind == WIRE_EV_FILE_MODE)
		(void)json_object_set_new(e, "Mode",
		    json_sprintf("%04llo",
			(unsigned long long)event_number(event, WIRE_K_MODE) &
			    07777));
	return e;
}
