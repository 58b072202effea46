/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - words that come from outside, brought into their one form. */
#include "store/text.h"

#include "lib/utf8.h"

#include <string.h>
#include <strings.h>

const char text_capabilities[] =
    "submit analyse run_vm download_sample audit_read manage_staff "
    "manage_vm_images manage_rules approve_rules activate_rules "
    "read_all_orgs manage_org_users claim verdict approve_report withdraw "
    "manage_policy approve_policy activate_crisis approve_crisis legal_hold "
    "metrics_read unseal manage_keys share_partner share_community";

/* From the least to the most strict. */
static const char *const tlp[] = {
    "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED", NULL};
static const char *const pap[] = {
    "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED", NULL};
static const char *const severities[] = {
    "low", "medium", "high", "critical", "unknown", NULL};
static const char *const classes[] = {
    "C1", "C1b", "C2", "C3", "C4", "C5", "CSIRT", NULL};
static const char *const kinds[] = {"file", "log", "disk_image", "memory_image",
    "vm_image", "pcap", "email", "archive", "url", "other", NULL};

bool
text_is_utf8(const void *p, size_t len)
{
	return len == 0 ||
	       (memchr(p, '\0', len) == NULL && utf8_is_valid(p, len));
}

static int
place(const char *const *list, const char *word)
{
	for (int i = 0; list[i] != NULL; i++) {
		if (strcasecmp(list[i], word) == 0)
			return i;
	}
	return -1;
}

static const char *
label(const char *const *list, const char *word, const char *fallback)
{
	if (word[0] == '\0')
		return fallback;
	if (strncasecmp(word, list[0], 4) == 0)
		word += 4;
	if (strcasecmp(word, "white") == 0)
		return list[0];
	for (int i = 0; list[i] != NULL; i++) {
		if (strcasecmp(list[i] + 4, word) == 0)
			return list[i];
	}
	return NULL;
}

const char *
text_tlp(const char *word, const char *fallback)
{
	return label(tlp, word, fallback);
}

const char *
text_pap(const char *word, const char *fallback)
{
	return label(pap, word, fallback);
}

const char *
text_tlp_max(const char *a, const char *b)
{
	return place(tlp, a) >= place(tlp, b) ? a : b;
}

const char *
text_pap_max(const char *a, const char *b)
{
	return place(pap, a) >= place(pap, b) ? a : b;
}

static const char *
one_of(const char *const *list, const char *word, const char *fallback)
{
	int i = place(list, word);

	if (word[0] == '\0')
		return fallback;
	return i == -1 ? NULL : list[i];
}

const char *
text_severity(const char *word)
{
	return one_of(severities, word, "unknown");
}

const char *
text_class(const char *word)
{
	return one_of(classes, word, NULL);
}

const char *
text_kind(const char *word, const char *fallback)
{
	return one_of(kinds, word, fallback);
}

int
text_class_rank(const char *class_code)
{
	/* The charter: C1 and C2 share the first rank; then C3, C4, C5. */
	switch (place(classes, class_code)) {
	case 3:
		return 2;
	case 4:
		return 3;
	case 5:
		return 4;
	default:
		return 1;
	}
}

bool
text_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	/* Two words are none. */
	if (len == 0 || strchr(word, ' ') != NULL)
		return false;
	for (const char *p = list; (p = strstr(p, word)) != NULL; p++) {
		if ((p == list || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' '))
			return true;
	}
	return false;
}
