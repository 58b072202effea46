/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - a policy document: checked, and asked. */
#include "store/policy.h"

#include "lib/limits.h"
#include "lib/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX	   6
#define SERVICES_MAX	   ((size_t)64)
#define RULES_MAX	   ((size_t)512)
#define WORD_BYTES_MAX	   ((size_t)48)
#define TEXT_BYTES_MAX	   ((size_t)256)
#define DUE_MINUTES_MAX	   ((json_int_t)366 * 24 * 60)
#define RETENTION_DAYS_MAX ((json_int_t)36500)

static const char *const class_codes[] = {
    "C1", "C1b", "C2", "C3", "C4", "C5", NULL};
static const char *const clocks[] = {"office", "24x7", "none", NULL};
static const char *const severities[] = {
    "low", "medium", "high", "critical", "unknown", "*", NULL};
static const char *const stages[] = {"ack", "triage", "report", NULL};
static const char *const verdicts[] = {"malicious", "suspicious", "benign",
    "no_finding", "undetermined", "*", NULL};
static const char *const retained[] = {"artefact", "case", NULL};
static const char *const ends[] = {"delete", "anonymise", "archive", NULL};

/* What is being checked, and what is wrong with it. */
struct check {
	const json_t *document;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int
wrong(const struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->why, c->why_size, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

static bool
is_one_of(const char *const *list, const char *word)
{
	for (; word != NULL && *list != NULL; list++) {
		if (strcmp(*list, word) == 0)
			return true;
	}
	return false;
}

/* a-z, 0-9 and _ */
static bool
is_word(const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	return len > 0 && len <= WORD_BYTES_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool
is_text(const json_t *json)
{
	return json_is_string(json) && json_string_length(json) > 0 &&
	       json_string_length(json) <= TEXT_BYTES_MAX;
}

static bool
is_int(const json_t *json, json_int_t min, json_int_t max)
{
	return json_is_integer(json) && json_integer_value(json) >= min &&
	       json_integer_value(json) <= max;
}

static bool
has_class(const struct check *c, const char *code)
{
	return json_object_get(json_object_get(c->document, "classes"), code) !=
	       NULL;
}

/* --- the members --- */

static int
check_top(const struct check *c)
{
	static const char *const names[] = {"title", "regime", "classes",
	    "ranks", "services", "exceptions", "calendars", "due", "retention",
	    NULL};
	size_t count = 0;

	for (const char *const *name = names; *name != NULL; name++, count++) {
		if (json_object_get(c->document, *name) == NULL)
			return wrong(c, "the policy lacks \"%s\"", *name);
	}
	count += json_object_get(c->document, "unseal") != NULL;
	if (json_object_size(c->document) != count)
		return wrong(c,
		    "the policy has a member that is none of title regime "
		    "classes ranks services exceptions calendars due "
		    "retention unseal");
	if (!is_text(json_object_get(c->document, "title")))
		return wrong(c, "title is a text of 1 to 256 bytes");
	if (!is_word(json_member_text(c->document, "regime", NULL)))
		return wrong(c, "regime is a word of a-z, 0-9 and _");
	return ERR_OK;
}

static int
check_classes(const struct check *c)
{
	json_t *classes = json_object_get(c->document, "classes");
	json_t *ranks = json_object_get(c->document, "ranks");
	const char *code;
	json_t *item;

	if (!json_is_object(classes) || !json_is_object(ranks))
		return wrong(c, "classes and ranks are objects");
	json_object_foreach(classes, code, item)
	{
		if (!is_one_of(class_codes, code) ||
		    !is_text(json_object_get(item, "name")) ||
		    !json_is_boolean(json_object_get(item, "phone_24x7")) ||
		    json_object_size(item) != 2)
			return wrong(c,
			    "classes has members C1 C1b C2 C3 C4 C5, each an "
			    "object of name and phone_24x7");
		if (!is_int(json_object_get(ranks, code), 1, 9))
			return wrong(
			    c, "ranks.%s is a number from 1 to 9", code);
	}
	for (const char *const *p = class_codes; *p != NULL; p++) {
		if (strcmp(*p, "C1b") != 0 && !has_class(c, *p))
			return wrong(c, "classes lacks \"%s\"", *p);
	}
	if (json_object_size(ranks) != json_object_size(classes))
		return wrong(c, "ranks names a class that classes lacks");
	return ERR_OK;
}

static int
check_service(const struct check *c, const char *name, json_t *service)
{
	const char *code;
	json_t *item;

	if (!is_word(name) || !json_is_object(service))
		return wrong(c,
		    "services has members of a-z, 0-9 and _, each an object "
		    "by class");
	json_object_foreach(service, code, item)
	{
		const char *clock = json_member_text(item, "clock", NULL);
		const json_t *allowed = json_object_get(item, "allowed");

		if (!has_class(c, code))
			return wrong(c,
			    "services.%s names a class that classes lacks",
			    name);
		if (!json_is_boolean(allowed) || !is_one_of(clocks, clock) ||
		    !json_is_boolean(json_object_get(item, "capacity")) ||
		    json_object_size(item) != 3)
			return wrong(c,
			    "services.%s.%s has allowed (true or false), clock "
			    "(office, 24x7 or none) and capacity (true or "
			    "false)",
			    name, code);
	}
	return ERR_OK;
}

static int
check_services(const struct check *c)
{
	json_t *services = json_object_get(c->document, "services");
	json_t *exceptions = json_object_get(c->document, "exceptions");
	const char *under = json_member_text(exceptions, "service", NULL);
	const char *name;
	json_t *item;
	int err = ERR_OK;

	if (!json_is_object(services) ||
	    json_object_size(services) > SERVICES_MAX)
		return wrong(
		    c, "services is an object of at most %zu", SERVICES_MAX);
	json_object_foreach(services, name, item)
	{
		err = check_service(c, name, item);
		if (err != ERR_OK)
			return err;
	}
	if (json_object_get(services, POLICY_ARTEFACTS) == NULL)
		return wrong(c, "services lacks \"" POLICY_ARTEFACTS "\"");
	if (under == NULL || json_object_get(services, under) == NULL ||
	    !is_int(json_object_get(exceptions, "days"), 1, 365) ||
	    json_object_size(exceptions) != 2)
		return wrong(c,
		    "exceptions has service (one of services) and days (1 to "
		    "365)");
	return ERR_OK;
}

static int
check_due(const struct check *c)
{
	json_t *due = json_object_get(c->document, "due");
	json_t *item;
	size_t i;

	if (!json_is_array(due) || json_array_size(due) > RULES_MAX)
		return wrong(c, "due is a list of at most %zu", RULES_MAX);
	json_array_foreach(due, i, item)
	{
		const char *code = json_member_text(item, "class", "");

		if ((strcmp(code, "*") != 0 && !has_class(c, code)) ||
		    !is_one_of(
			severities, json_member_text(item, "severity", NULL)) ||
		    !is_one_of(stages, json_member_text(item, "stage", NULL)) ||
		    !is_int(
			json_object_get(item, "minutes"), 1, DUE_MINUTES_MAX) ||
		    json_object_size(item) != 4)
			return wrong(c,
			    "due[%zu] has class, severity (or \"*\"), stage "
			    "(ack, triage or report) and minutes (1 to %d)",
			    i, (int)DUE_MINUTES_MAX);
	}
	return ERR_OK;
}

static int
check_retention(const struct check *c)
{
	json_t *list = json_object_get(c->document, "retention");
	json_t *item;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > RULES_MAX)
		return wrong(
		    c, "retention is a list of at most %zu", RULES_MAX);
	json_array_foreach(list, i, item)
	{
		if (!is_word(json_member_text(item, "kind", NULL)) ||
		    !is_one_of(
			verdicts, json_member_text(item, "verdict", NULL)) ||
		    !is_int(
			json_object_get(item, "days"), 1, RETENTION_DAYS_MAX) ||
		    !is_one_of(ends, json_member_text(item, "then", NULL)) ||
		    json_object_size(item) != 4)
			return wrong(c,
			    "retention[%zu] has kind, verdict (or \"*\"), days "
			    "(1 to %d) and then (delete, anonymise or archive)",
			    i, (int)RETENTION_DAYS_MAX);
		if (!is_one_of(retained, json_member_text(item, "kind", NULL)))
			return wrong(
			    c, "retention[%zu] is of kind artefact or case", i);
		if (strcmp(json_member_text(item, "kind", ""), "artefact") ==
			0 &&
		    strcmp(json_member_text(item, "then", ""), "anonymise") ==
			0)
			return wrong(c,
			    "retention[%zu]: artefacts are deleted or "
			    "archived; it is cases that are anonymised",
			    i);
	}
	return ERR_OK;
}

static int
check_unseal(const struct check *c)
{
	const json_t *unseal = json_object_get(c->document, "unseal");
	const json_t *list = json_object_get(unseal, "two_persons");
	const json_t *code;
	size_t i;

	if (unseal == NULL)
		return ERR_OK;
	if (!json_is_array(list) || json_object_size(unseal) != 1)
		return wrong(c, "unseal has two_persons, a list of classes");
	json_array_foreach(list, i, code)
	{
		const char *text = json_string_value(code);

		if (text == NULL || !has_class(c, text))
			return wrong(c,
			    "unseal.two_persons[%zu] is none of the classes",
			    i);
	}
	return ERR_OK;
}

int
policy_parse(const char *text, size_t len, char *why, size_t why_size,
    struct policy **ret_policy)
{
	auto_json json_t *document = NULL;
	struct check c = {.why = why, .why_size = why_size};
	struct policy *policy;
	int err =
	    json_parse(text, len, LIMIT_DOCUMENT_BYTES, DEPTH_MAX, &document);

	if (err == ERR_OK && !json_is_object(document))
		err = ERR_FORMAT;
	if (err != ERR_OK) {
		(void)snprintf(why, why_size,
		    "the policy is a JSON object of at most %zu bytes, nested "
		    "at most %d deep, no name twice",
		    LIMIT_DOCUMENT_BYTES, DEPTH_MAX);
		return err;
	}
	c.document = document;
	policy = xcalloc(1, sizeof(*policy));
	err = check_top(&c);
	if (err == ERR_OK)
		err = check_classes(&c);
	if (err == ERR_OK)
		err = check_services(&c);
	if (err == ERR_OK)
		err = calendar_parse(json_object_get(document, "calendars"),
		    &policy->calendar, why, why_size);
	if (err == ERR_OK)
		err = check_due(&c);
	if (err == ERR_OK)
		err = check_retention(&c);
	if (err == ERR_OK)
		err = check_unseal(&c);
	if (err != ERR_OK) {
		free(policy);
		return err;
	}
	(void)snprintf(policy->regime, sizeof(policy->regime), "%s",
	    json_member_text(document, "regime", ""));
	policy->document = document;
	document = NULL;
	*ret_policy = policy;
	return ERR_OK;
}

void
policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	json_decref(policy->document);
	free(policy);
}

/* --- questions --- */

static bool
is_own(const char *class_code)
{
	return strcmp(class_code, "CSIRT") == 0;
}

bool
policy_knows(const struct policy *policy, const char *class_code)
{
	return is_own(class_code) ||
	       json_object_get(json_object_get(policy->document, "classes"),
		   class_code) != NULL;
}

int
policy_rank(const struct policy *policy, const char *class_code)
{
	/* A class that this policy does not know comes last. */
	return is_own(class_code)
		   ? 1
		   : (int)json_member_int(
			 json_object_get(policy->document, "ranks"), class_code,
			 9);
}

static json_t *
find(const struct policy *policy, const char *class_code, const char *service)
{
	return json_object_get(
	    json_object_get(
		json_object_get(policy->document, "services"), service),
	    class_code);
}

bool
policy_allows(
    const struct policy *policy, const char *class_code, const char *service)
{
	return is_own(class_code) ||
	       json_is_true(json_object_get(
		   find(policy, class_code, service), "allowed"));
}

const char *
policy_clock(
    const struct policy *policy, const char *class_code, const char *service)
{
	if (is_own(class_code))
		return "office";
	return json_member_text(
	    find(policy, class_code, service), "clock", "none");
}

bool
policy_is_unseal_double(const struct policy *policy, const char *class_code)
{
	const json_t *unseal = json_object_get(policy->document, "unseal");
	const json_t *code;
	size_t i;

	if (unseal == NULL)
		return strcmp(class_code, "C1") == 0 ||
		       strcmp(class_code, "C1b") == 0;
	json_array_foreach(json_object_get(unseal, "two_persons"), i, code)
	{
		if (strcmp(json_string_value(code), class_code) == 0)
			return true;
	}
	return false;
}

json_t *
policy_services(const struct policy *policy, const char *class_code)
{
	json_t *list = json_array();
	const char *name;
	json_t *item;

	json_object_foreach(
	    json_object_get(policy->document, "services"), name, item)
	{
		if (policy_allows(policy, class_code, name))
			(void)json_array_append_new(list, json_string(name));
	}
	return list;
}

static bool
fits(const json_t *rule, const char *member, const char *word)
{
	const char *wanted = json_member_text(rule, member, "");

	return strcmp(wanted, "*") == 0 || strcmp(wanted, word) == 0;
}

/* Artefacts that come under an exception keep the hours of its service. */
static bool
is_by_the_clock(const struct policy *policy, const struct policy_case *c)
{
	const char *under = json_member_text(
	    json_object_get(policy->document, "exceptions"), "service", "");
	const char *service =
	    policy_allows(policy, c->class_code, POLICY_ARTEFACTS)
		? POLICY_ARTEFACTS
		: under;

	return c->is_24x7 ||
	       strcmp(policy_clock(policy, c->class_code, service), "24x7") ==
		   0;
}

int64_t
policy_due(
    const struct policy *policy, const struct policy_case *c, const char *stage)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(policy->document, "due"), i, rule)
	{
		json_int_t minutes = json_member_int(rule, "minutes", 0);

		if (!fits(rule, "class", c->class_code) ||
		    !fits(rule, "severity", c->severity) ||
		    !fits(rule, "stage", stage))
			continue;
		/* The acknowledgement is a machine's: it has no hours. */
		if (strcmp(stage, "ack") == 0 || is_by_the_clock(policy, c))
			return c->at + minutes * 60 * 1000000;
		return calendar_due(&policy->calendar, c->at, minutes);
	}
	return -1;
}
