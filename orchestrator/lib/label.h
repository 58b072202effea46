/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label.h - the algebra of TLP 2.0 (first.org/tlp) and PAP (MISP taxonomy).
 *
 * Both are total orders, from the least to the most strict.  A composite is at
 * least as strict as each of its parts, what is derived at least as strict as
 * what it came from.  Pure: nothing here reads or keeps anything.
 */
#ifndef LIB_LABEL_H
#define LIB_LABEL_H

#include <stdbool.h>
#include <stddef.h>

enum tlp {
	TLP_CLEAR,
	TLP_GREEN,
	TLP_AMBER,
	TLP_AMBER_STRICT,
	TLP_RED
};
enum pap {
	PAP_CLEAR,
	PAP_GREEN,
	PAP_AMBER,
	PAP_RED
};

struct label {
	enum tlp tlp;
	enum pap pap;
};

/* What there is no label stricter or less strict than. */
#define LABEL_LEAST  ((struct label){TLP_CLEAR, PAP_CLEAR})
#define LABEL_STRICT ((struct label){TLP_RED, PAP_RED})

/* The label in its one form, never translated. */
const char *label_tlp_name(enum tlp tlp);
const char *label_pap_name(enum pap pap);
/*
 * Reads the one form.  What is none is the strictest: whoever cannot say how
 * strict a thing is must not give it away.
 */
enum tlp label_tlp(const char *name);
enum pap label_pap(const char *name);

/* The least label that is at least as strict as both. */
struct label label_join(struct label a, struct label b);
/* Is a at least as strict as b, in both? */
bool label_covers(struct label a, struct label b);
/*
 * May a thing that carries `from` carry `to`?  Raising is free; lowering
 * either of the two takes the source's permission.
 */
bool label_may_change(struct label from, struct label to, bool has_permission);

/* Who is to get something, seen from the thing that is to be sent. */
struct label_recipient {
	/* A person whom the thing names as one of its recipients. */
	bool is_named;
	/* Belongs to an organisation that the thing names. */
	bool is_of_named_org;
	/* Belongs to a registered client of such an organisation. */
	bool is_client_of_named_org;
	/* Member of a registered community. */
	bool is_of_community;
	/* Everybody; besides the label, publishing takes a permission. */
	bool is_public;
	bool has_press_release;
};

/* May it be sent to them? */
bool label_may_send(enum tlp tlp, const struct label_recipient *recipient);

/* What one would do with an artefact's traces outside of this house. */
enum label_action {
	LABEL_OFFLINE, /* nothing leaves: no network, or a simulated one */
	LABEL_LOOK_UP, /* asking a third party about a hash or a name */
	LABEL_CONTACT  /* a route to the real network */
};
bool label_may_act(enum pap pap, enum label_action action);

#endif
