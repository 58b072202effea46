/* SPDX-License-Identifier: Apache-2.0 */
/* closure.c - a rule with everything that its meaning depends on. */
#include "rules/closure.h"

#include "lib/own.h"
#include "lib/unitset.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "rules/lexer.h"

/* The tokens of one rule: its text, and a little more for each. */
#define TOKENS_BYTES_MAX (BUNDLE_TEXT_MAX * 4)

struct closures *
closures_new(struct bundle *bundle, const char *engine,
    const char *const *externals, size_t external_count)
{
	struct closures *closures = xcalloc(1, sizeof(*closures));

	closures->bundle = bundle;
	closures->engine = engine;
	closures->externals = externals;
	closures->external_count = external_count;
	closures->list =
	    xcalloc(bundle->rule_count + 1, sizeof(*closures->list));
	closures->stamps =
	    xcalloc(bundle->rule_count + 1, sizeof(*closures->stamps));
	derive_init(&closures->derive);
	return closures;
}

void
closures_free(struct closures *closures)
{
	if (closures == NULL)
		return;
	for (size_t i = 0; i < closures->bundle->rule_count; i++) {
		free(closures->list[i].refs);
		free(closures->list[i].cond);
		free(closures->list[i].reason);
	}
	derive_release(&closures->derive);
	free(closures->list);
	free(closures->stamps);
	free(closures);
}

void
closures_reject(struct closures *closures, size_t rule, const char *reason)
{
	struct closure *closure = &closures->list[rule];

	if (closure->reason == NULL)
		closure->reason = xstrdup(reason);
}

void
closures_doubt(struct closures *closures, size_t rule)
{
	static const uint8_t always[] = {COND_VERSION, COND_TRUE};
	struct closure *closure = &closures->list[rule];

	free(closure->cond);
	closure->cond = xmemdup(always, sizeof(always));
	closure->cond_len = sizeof(always);
	closure->notes = NOTE_SYNTAX;
}

/* One rule being linked. */
struct link {
	struct closures *closures;
	size_t rule;
	size_t capacity;
	struct wire_out tokens;
};

static void
add_ref(struct link *link, size_t ref)
{
	struct closure *closure = &link->closures->list[link->rule];

	if (link->closures->stamps[ref] == link->closures->stamp)
		return;
	link->closures->stamps[ref] = link->closures->stamp;
	if (closure->ref_count == link->capacity) {
		link->capacity = link->capacity * 2 + 8;
		closure->refs = xreallocarray(
		    closure->refs, link->capacity, sizeof(*closure->refs));
	}
	closure->refs[closure->ref_count++] = (uint32_t)ref;
}

/* Rules before this one whose names begin so, without those set aside. */
static void
add_prefix(struct link *link, const char *name, size_t len)
{
	const struct bundle *bundle = link->closures->bundle;
	const struct rule *own = &bundle->rules[link->rule];

	link->closures->list[link->rule].has_set = true;
	for (size_t i = 0; i < link->rule; i++) {
		const struct rule *rule = &bundle->rules[i];

		if (link->closures->looks++ > CLOSURE_LOOKS_MAX) {
			closures_reject(link->closures, link->rule,
			    "too many rules are named by \"name*\"");
			return;
		}
		if (rule->space == own->space && rule->clash == SIZE_MAX &&
		    strncmp(rule->name, name, len) == 0 &&
		    link->closures->list[i].reason == NULL)
			add_ref(link, i);
	}
}

/* A word of the condition that may name a rule, an external, a module. */
static void
take_word(struct link *link, const char *name, size_t len, bool is_module)
{
	struct closures *closures = link->closures;
	struct closure *closure = &closures->list[link->rule];
	size_t space = closures->bundle->rules[link->rule].space;
	enum rule_module module = module_of(name, len);
	size_t found;

	if (is_module && module != MODULE_COUNT)
		closure->modules |= 1u << module;
	for (size_t i = 0; i < closures->external_count; i++) {
		if (strlen(closures->externals[i]) == len &&
		    memcmp(closures->externals[i], name, len) == 0)
			closure->externals |= 1u << i;
	}
	found = bundle_find(closures->bundle, space, name, len);
	if (found != SIZE_MAX && found < link->rule)
		add_ref(link, found);
}

static void
put_token(struct link *link, const char *text, const struct token *token)
{
	uint8_t hex[4096];
	size_t n = 0;

	wire_put_u8(&link->tokens, (uint8_t)token->kind);
	if (token->kind != TOKEN_HEX) {
		wire_put_bytes(&link->tokens, text + token->start,
		    token->end - token->start);
		return;
	}
	/* Without white space and comments, in one case. */
	for (size_t i = token->start; i < token->end; i++) {
		char c = text[i];

		if (c == '/' && i + 1 < token->end &&
		    (text[i + 1] == '/' || text[i + 1] == '*')) {
			bool is_line = text[i + 1] == '/';

			for (i += 2; i < token->end; i++) {
				if (is_line
					? text[i] == '\n'
					: text[i] == '/' && text[i - 1] == '*')
					break;
			}
			continue;
		}
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		hex[n++] = (uint8_t)(c >= 'a' && c <= 'f' ? c - 32 : c);
		if (n == sizeof(hex)) {
			wire_put_raw(&link->tokens, hex, n);
			n = 0;
		}
	}
	wire_put_raw(&link->tokens, hex, n);
	wire_put_u8(&link->tokens, 0);
}

static bool
is_at(const char *text, const struct token *token, const char *mark)
{
	return token->kind == TOKEN_MARK && token_is(text, token, mark);
}

/* Goes over strings and condition: tokens, and what the condition names. */
static void
take_tokens(struct link *link, const struct rule *rule)
{
	struct lexer lexer;
	struct token last = {0}, token, next;
	bool is_set = false; /* within "of (...)" */
	bool is_of = false;

	lexer_init(&lexer, rule->text, rule->body.end);
	lexer.at = rule->body.start;
	token = lexer_next(&lexer);
	for (; token.kind != TOKEN_END; last = token, token = next) {
		next = is_at(rule->text, &token, "=") ? lexer_value(&lexer)
						      : lexer_next(&lexer);
		put_token(link, rule->text, &token);
		if (token.start < rule->condition.start)
			continue;
		if (is_at(rule->text, &token, "("))
			is_set = is_of;
		else if (is_at(rule->text, &token, ")"))
			is_set = false;
		is_of = token.kind == TOKEN_WORD &&
			token_is(rule->text, &token, "of");
		if (token.kind != TOKEN_WORD || is_at(rule->text, &last, "."))
			continue;
		if (is_set && is_at(rule->text, &next, "*"))
			add_prefix(link, rule->text + token.start,
			    token.end - token.start);
		take_word(link, rule->text + token.start,
		    token.end - token.start, is_at(rule->text, &next, "."));
	}
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct bundle *bundle = arg;

	return strcmp(bundle->rules[*(const uint32_t *)a].name,
	    bundle->rules[*(const uint32_t *)b].name);
}

/* Names and core digests, in the order of names. */
static void
add_cores(struct closures *closures, struct sha256 *sha256,
    const uint32_t *rules, size_t count)
{
	auto_free uint32_t *sorted = xcalloc(count + 1, sizeof(*sorted));

	if (count > 0)
		memcpy(sorted, rules, count * sizeof(*sorted));
	qsort_r(sorted, count, sizeof(*sorted), by_name, closures->bundle);
	for (size_t i = 0; i < count; i++) {
		const char *name = closures->bundle->rules[sorted[i]].name;

		sha256_update(sha256, name, strlen(name) + 1);
		sha256_update(
		    sha256, closures->list[sorted[i]].core, SHA256_BYTES);
	}
}

static void
make_core(struct link *link, const struct rule *rule)
{
	struct closure *closure = &link->closures->list[link->rule];
	struct sha256 *sha256 = sha256_new();
	uint8_t flags = (uint8_t)rule->flags;

	sha256_update(sha256, rule->name, strlen(rule->name) + 1);
	sha256_update(sha256, &flags, 1);
	sha256_update(sha256, link->tokens.buf, link->tokens.len);
	add_cores(link->closures, sha256, closure->refs, closure->ref_count);
	sha256_final(sha256, closure->core);
	sha256_free(sha256);
}

/* The conditions of the rules that an item names, as they were derived. */
static size_t
on_rules(void *arg, struct form *form, const struct expr_item *item,
    form_id *ids, size_t ids_max)
{
	struct link *link = arg;
	struct closures *closures = link->closures;
	const struct bundle *bundle = closures->bundle;
	const struct rule *own = &bundle->rules[link->rule];
	const char *name = own->text + item->name.start;
	size_t len = item->name.end - item->name.start;
	size_t found = 0;

	for (size_t i = 0; i < closures->list[link->rule].ref_count; i++) {
		uint32_t ref = closures->list[link->rule].refs[i];
		const char *other = bundle->rules[ref].name;

		if (strncmp(other, name, len) != 0 ||
		    (!item->is_prefix && other[len] != '\0'))
			continue;
		/* Nothing is known of a set that is not whole. */
		if (found == ids_max)
			return 0;
		ids[found++] = form_embed(form, closures->list[ref].cond,
		    closures->list[ref].cond_len);
	}
	return found;
}

static void
forget(struct closure *closure)
{
	struct closure kept = {
	    .reason = closure->reason, .is_counted = closure->is_counted};

	free(closure->refs);
	free(closure->cond);
	*closure = kept;
}

void
closures_link(struct closures *closures, size_t rule)
{
	const struct rule *r = &closures->bundle->rules[rule];
	struct closure *closure = &closures->list[rule];
	struct link link = {.closures = closures, .rule = rule};
	uint8_t cond[COND_BYTES_MAX];
	form_id id;

	forget(closure);
	closures->stamp++;
	wire_out_init(&link.tokens, TOKENS_BYTES_MAX);
	take_tokens(&link, r);
	if (closure->ref_count > 0)
		qsort(closure->refs, closure->ref_count, sizeof(*closure->refs),
		    by_number);
	make_core(&link, r);
	closures->derive.rules = on_rules;
	closures->derive.arg = &link;
	id = derive_rule(&closures->derive, r);
	closure->notes = closures->derive.notes;
	closure->short_string = closures->derive.short_string;
	closure->cond_len = form_write(&closures->derive.form, id, cond);
	closure->cond = xmemdup(cond, closure->cond_len);
	wire_out_release(&link.tokens);
}

/* Adds a rule and, step by step, those that it names. */
static size_t
add_members(
    struct closures *closures, uint32_t rule, uint32_t *members, size_t count)
{
	size_t next = count;

	if (closures->stamps[rule] == closures->stamp ||
	    count > CLOSURE_RULES_MAX)
		return count;
	closures->stamps[rule] = closures->stamp;
	members[count++] = rule;
	for (; next < count; next++) {
		const struct closure *closure = &closures->list[members[next]];

		for (size_t i = 0; i < closure->ref_count; i++) {
			uint32_t ref = closure->refs[i];

			if (closures->stamps[ref] == closures->stamp)
				continue;
			if (count > CLOSURE_RULES_MAX)
				return count;
			closures->stamps[ref] = closures->stamp;
			members[count++] = ref;
		}
	}
	return count;
}

size_t
closures_members(struct closures *closures, size_t rule,
    uint32_t ret_members[CLOSURE_RULES_MAX + 1])
{
	const struct bundle_space *space =
	    &closures->bundle->spaces[closures->bundle->rules[rule].space];
	size_t count;

	closures->stamp++;
	count = add_members(closures, (uint32_t)rule, ret_members, 0);
	for (size_t i = 0;
	     i < space->global_count && !closures->is_without_globals; i++) {
		size_t global = space->globals[i];

		if (closures->list[global].reason == NULL)
			count = add_members(
			    closures, (uint32_t)global, ret_members, count);
	}
	qsort(ret_members, count, sizeof(*ret_members), by_number);
	return count;
}

/* The global rules of the namespace that are there, but for the rule. */
static size_t
other_globals(struct closures *closures, size_t rule, uint32_t *ret_globals)
{
	const struct bundle_space *space =
	    &closures->bundle->spaces[closures->bundle->rules[rule].space];
	size_t count = 0;

	for (size_t i = 0; i < space->global_count && count < CLOSURE_RULES_MAX;
	     i++) {
		size_t global = space->globals[i];

		if (global != rule && closures->list[global].reason == NULL)
			ret_globals[count++] = (uint32_t)global;
	}
	return count;
}

/* The first rule that it names and that is set aside. */
static void
blame_named(struct closures *closures, size_t rule)
{
	const struct closure *closure = &closures->list[rule];

	for (size_t i = 0; i < closure->ref_count; i++) {
		auto_free char *why = NULL;

		if (closures->list[closure->refs[i]].reason == NULL)
			continue;
		why = xasprintf("names the rule %s, which is set aside",
		    closures->bundle->rules[closure->refs[i]].name);
		closures_reject(closures, rule, why);
		return;
	}
}

static size_t
whole_bytes(const struct closures *closures, uint32_t rule)
{
	const struct span *whole = &closures->bundle->rules[rule].whole;

	return whole->end - whole->start;
}

void
closures_seal(struct closures *closures, size_t rule)
{
	struct closure *closure = &closures->list[rule];
	auto_free uint32_t *members =
	    xcalloc(CLOSURE_RULES_MAX + 1, sizeof(*members));
	size_t count = closures_members(closures, rule, members);
	struct sha256 *sha256 = sha256_new();
	unsigned int imports;

	closure->unit_bytes = 0;
	if (count > CLOSURE_RULES_MAX)
		closures_reject(closures, rule,
		    "depends on more rules than one unit may hold");
	for (size_t i = 0; i < count; i++) {
		closure->modules |= closures->list[members[i]].modules;
		closure->externals |= closures->list[members[i]].externals;
		closure->unit_bytes += whole_bytes(closures, members[i]);
	}
	imports = closures->bundle->spaces[closures->bundle->rules[rule].space]
		      .imports;
	closure->modules &= imports;
	blame_named(closures, rule);
	sha256_update(sha256, closures->engine, strlen(closures->engine) + 1);
	sha256_update(sha256, closure->core, SHA256_BYTES);
	for (unsigned int i = 0; i < MODULE_COUNT; i++) {
		if (closure->modules & 1u << i)
			sha256_update(
			    sha256, module_name(i), strlen(module_name(i)) + 1);
	}
	count = other_globals(closures, rule, members);
	add_cores(closures, sha256, members, count);
	sha256_final(sha256, closure->digest);
	sha256_free(sha256);
}

static size_t
count_lines(const char *p, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += p[i] == '\n';
	return lines;
}

char *
closures_unit(
    struct closures *closures, size_t rule, size_t *ret_len, size_t *ret_line)
{
	auto_free uint32_t *members =
	    xcalloc(CLOSURE_RULES_MAX + 1, sizeof(*members));
	size_t count = closures_members(closures, rule, members);
	struct wire_out out;
	size_t line = 1;

	wire_out_init(&out, UNIT_TEXT_BYTES_MAX);
	for (unsigned int i = 0; i < MODULE_COUNT; i++) {
		if ((closures->list[rule].modules & 1u << i) == 0)
			continue;
		wire_put_raw(&out, "import \"", 8);
		wire_put_raw(&out, module_name(i), strlen(module_name(i)));
		wire_put_raw(&out, "\"\n", 2);
		line++;
	}
	for (size_t i = 0; i < count && count <= CLOSURE_RULES_MAX; i++) {
		const struct rule *r = &closures->bundle->rules[members[i]];
		size_t len = r->whole.end - r->whole.start;

		if (members[i] == rule)
			*ret_line = line;
		line += count_lines(r->text + r->whole.start, len) + 1;
		wire_put_raw(&out, r->text + r->whole.start, len);
		wire_put_u8(&out, '\n');
	}
	*ret_len = out.len;
	wire_put_u8(&out, 0);
	if (out.is_failed || count > CLOSURE_RULES_MAX ||
	    (!closures->list[rule].is_counted &&
		*ret_len > CLOSURE_TEXT_MAX - closures->text_bytes)) {
		wire_out_release(&out);
		return NULL;
	}
	if (!closures->list[rule].is_counted)
		closures->text_bytes += *ret_len;
	closures->list[rule].is_counted = true;
	return (char *)out.buf;
}

size_t
closures_condition(struct closures *closures, size_t rule,
    uint8_t dst[COND_BYTES_MAX], enum form_class *ret_class)
{
	struct form *form = &closures->derive.form;
	auto_free uint32_t *globals =
	    xcalloc(CLOSURE_RULES_MAX + 1, sizeof(*globals));
	auto_free form_id *ids = xcalloc(CLOSURE_RULES_MAX + 1, sizeof(*ids));
	size_t count = other_globals(closures, rule, globals);
	form_id all;

	form_reset(form);
	globals[count++] = (uint32_t)rule;
	for (size_t i = 0; i < count; i++)
		ids[i] = form_embed(form, closures->list[globals[i]].cond,
		    closures->list[globals[i]].cond_len);
	all = form_and(form, ids, count);
	*ret_class = form_class_of(form, all);
	return form_write(form, all, dst);
}
