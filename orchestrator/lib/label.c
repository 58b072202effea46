/* SPDX-License-Identifier: Apache-2.0 */
/* label.c - the algebra of TLP 2.0 and PAP. */
#include "lib/label.h"

#include <string.h>

/* By enum. */
static const char *const tlp_names[] = {
    "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"};
static const char *const pap_names[] = {
    "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"};

const char *
label_tlp_name(enum tlp tlp)
{
	return tlp_names[tlp];
}

const char *
label_pap_name(enum pap pap)
{
	return pap_names[pap];
}

enum tlp
label_tlp(const char *name)
{
	for (int i = TLP_CLEAR; i < TLP_RED; i++) {
		if (strcmp(tlp_names[i], name) == 0)
			return (enum tlp)i;
	}
	return TLP_RED;
}

enum pap
label_pap(const char *name)
{
	for (int i = PAP_CLEAR; i < PAP_RED; i++) {
		if (strcmp(pap_names[i], name) == 0)
			return (enum pap)i;
	}
	return PAP_RED;
}

struct label
label_join(struct label a, struct label b)
{
	return (struct label){
	    .tlp = a.tlp > b.tlp ? a.tlp : b.tlp,
	    .pap = a.pap > b.pap ? a.pap : b.pap,
	};
}

bool
label_covers(struct label a, struct label b)
{
	return a.tlp >= b.tlp && a.pap >= b.pap;
}

bool
label_may_change(struct label from, struct label to, bool has_permission)
{
	return has_permission || label_covers(to, from);
}

bool
label_may_send(enum tlp tlp, const struct label_recipient *recipient)
{
	const struct label_recipient *r = recipient;

	/* The public is nobody's colleague. */
	if (r->is_public)
		return tlp == TLP_CLEAR && r->has_press_release;
	switch (tlp) {
	case TLP_CLEAR:
		return true;
	case TLP_GREEN:
		return r->is_named || r->is_of_named_org ||
		       r->is_client_of_named_org || r->is_of_community;
	case TLP_AMBER:
		return r->is_named || r->is_of_named_org ||
		       r->is_client_of_named_org;
	case TLP_AMBER_STRICT:
		return r->is_named || r->is_of_named_org;
	case TLP_RED:
		return r->is_named;
	}
	return false;
}

bool
label_may_act(enum pap pap, enum label_action action)
{
	switch (action) {
	case LABEL_OFFLINE:
		return true;
	case LABEL_LOOK_UP:
		return pap <= PAP_AMBER;
	case LABEL_CONTACT:
		return pap <= PAP_GREEN;
	}
	return false;
}
