/* SPDX-License-Identifier: Apache-2.0 */
/* proto.c - the message catalogue, and the check of a message against it. */
#include "lib/proto.h"

#include "lib/values.h"
#include "lib/wire.h"

#define MSG(name, from, to, fd, body) \
 [MSG_##name] = {#name, from, to, fd, body},
static const struct msg_spec specs[MSG_COUNT] = {
#include "lib/proto.def"
};
#undef MSG

const struct msg_spec *
proto_spec(unsigned int type)
{
	if (type >= MSG_COUNT || specs[type].name == NULL)
		return NULL;
	return &specs[type];
}

const char *
proto_role_name(enum role role)
{
	static const struct {
		enum role role;
		const char *name;
	} names[] = {
	    {ROLE_PARENT, "parent"},
	    {ROLE_WEB, "web"},
	    {ROLE_STORE, "store"},
	    {ROLE_VAULT, "vault"},
	    {ROLE_SCHED, "sched"},
	    {ROLE_ANALYSER, "analyser"},
	    {ROLE_VM, "vm"},
	    {ROLE_SIMNET, "simnet"},
	    {ROLE_INDEX, "index"},
	    {ROLE_MAIL, "mail"},
	    {ROLE_OIDC, "oidc"},
	    {ROLE_PGP, "pgp"},
	    {ROLE_HOOK, "hook"},
	    {ROLE_SYSLOG, "syslog"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].role == role)
			return names[i].name;
	}
	return "none";
}

const char *
proto_outcome_name(enum run_outcome outcome)
{
	static const char *const names[RUN_OUTCOME_COUNT] = {
	    [RUN_DONE] = "done",
	    [RUN_TIMEOUT] = "timeout",
	    [RUN_NOT_EXECUTED] = "sample_not_executed",
	    [RUN_AGENT_LOST] = "agent_lost",
	    [RUN_GUEST_CRASHED] = "guest_crashed",
	    [RUN_GUEST_OFF] = "guest_powered_off",
	    [RUN_FLOODED] = "flooded",
	    [RUN_VM_FAILED] = "vm_failed",
	    [RUN_NO_PROOF] = "egress_not_proved_closed",
	    [RUN_CANCELLED] = "cancelled",
	};

	if ((unsigned int)outcome >= RUN_OUTCOME_COUNT)
		return "unknown";
	return names[outcome];
}

static void
check_field(struct wire_in *in, char letter)
{
	size_t len;
	const uint8_t *p;

	switch (letter) {
	case '1':
		(void)wire_get_u8(in);
		break;
	case '2':
		(void)wire_get_u16(in);
		break;
	case '4':
		(void)wire_get_u32(in);
		break;
	case '8':
	case 'i':
		(void)wire_get_u64(in);
		break;
	case 's':
		p = wire_get_bytes(in, &len);
		if (p != NULL && len > 0 && memchr(p, '\0', len) != NULL)
			in->is_failed = true;
		break;
	case 'b':
		(void)wire_get_bytes(in, &len);
		break;
	default:
		in->is_failed = true;
	}
}

int
proto_check(unsigned int type, enum role from, enum role to, bool has_fd,
    const void *body, size_t body_len)
{
	const struct msg_spec *spec = proto_spec(type);
	struct values values;
	struct wire_in in;

	if (spec == NULL || (spec->from & (unsigned int)from) == 0 ||
	    (spec->to & (unsigned int)to) == 0)
		return ERR_PEER;
	if ((spec->fd == FD_NONE && has_fd) || (spec->fd == FD_MUST && !has_fd))
		return ERR_PEER;
	wire_in_init(&in, body, body_len);
	for (const char *p = spec->body; *p != '\0'; p++) {
		if (*p != 'v' && *p != '+') {
			check_field(&in, *p);
			continue;
		}
		/* Each takes two bytes at least, so that this ends. */
		do {
			if (values_get(&values, &in) != ERR_OK)
				return ERR_PEER;
		} while (*p == '+' && !wire_in_is_done(&in));
	}
	return wire_in_is_done(&in) ? ERR_OK : ERR_PEER;
}
