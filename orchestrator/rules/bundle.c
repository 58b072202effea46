/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - the lines of a bundle. */
#include "rules/bundle.h"

#include "lib/base64.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"
#include "rules/bundle_parts.h"

#define LINE_DEPTH_MAX ((size_t)4)

void
bundle_note(struct bundle *bundle, const struct bundle_file *file, size_t line,
    const char *why)
{
	if (bundle->note_count == BUNDLE_NOTES_MAX)
		return;
	GROW(bundle->notes, bundle->note_count, bundle->note_capacity);
	bundle->notes[bundle->note_count++] = (struct bundle_note){
	    .source = file == NULL ? NULL : file->source,
	    .path = file == NULL ? NULL : file->path,
	    .line = line,
	    .why = xstrdup(why),
	};
}

/* Bytes of a member in Base64, with a NUL behind them; NULL where it is none. */
static uint8_t *
bytes_of(const json_t *line, const char *member, size_t *ret_len)
{
	const json_t *value = json_object_get(line, member);
	auto_free uint8_t *bytes = NULL;
	size_t len;

	if (!json_is_string(value))
		return NULL;
	len = json_string_length(value);
	bytes = xmalloc(len / 4 * 3 + 1);
	if (base64_decode(json_string_value(value), len, bytes, ret_len) !=
	    ERR_OK)
		return NULL;
	bytes[*ret_len] = '\0';
	return take_ptr(bytes);
}

static char *
text_of_line(const json_t *line, size_t *ret_len)
{
	const json_t *text = json_object_get(line, "text");

	if (!json_is_string(text))
		return (char *)bytes_of(line, "text_base64", ret_len);
	*ret_len = json_string_length(text);
	return xstrndup(json_string_value(text), *ret_len);
}

static const char *
take_file(struct bundle *bundle, const json_t *line)
{
	const char *source = json_member_text(line, "source", "");
	const char *space = json_member_text(line, "namespace", "");
	const char *path = json_member_text(line, "path", "");
	auto_free char *text = NULL;
	struct bundle_file *file;
	size_t len = 0;

	if (space[0] == '\0' || path[0] == '\0' ||
	    strlen(space) > UNIT_NAMESPACE_BYTES_MAX ||
	    strlen(path) > LIMIT_NAME_BYTES ||
	    strlen(source) > UNIT_NAMESPACE_BYTES_MAX)
		return "a file without namespace or path, or with one that is "
		       "too long";
	if (bundle->file_count == BUNDLE_FILES_MAX)
		return "too many files";
	text = text_of_line(line, &len);
	if (text == NULL)
		return "a file without text";
	if (strlen(text) != len)
		return "a file with NUL in its text";
	if (len > BUNDLE_TEXT_MAX - bundle->text_bytes)
		return "too much text in all";
	bundle->text_bytes += len;
	GROW(bundle->files, bundle->file_count, bundle->file_capacity);
	file = &bundle->files[bundle->file_count++];
	*file = (struct bundle_file){
	    .source = xstrdup(source),
	    .space = xstrdup(space),
	    .path = xstrdup(path),
	    .text = take_ptr(text),
	    .len = len,
	    .is_include_only =
		json_is_true(json_object_get(line, "include_only")),
	};
	return NULL;
}

static const char *
take_sample(struct bundle *bundle, const json_t *line)
{
	const char *expect = json_member_text(line, "expect", "");
	struct bundle_sample sample = {
	    .expects_match = strcmp(expect, "match") == 0};

	if (bundle->sample_count == BUNDLE_SAMPLES_MAX)
		return "too many samples";
	if (!sample.expects_match && strcmp(expect, "miss") != 0)
		return "a sample that expects neither match nor miss";
	sample.data = bytes_of(line, "data_base64", &sample.len);
	if (sample.data == NULL)
		return "a sample without data";
	sample.name = xstrdup(json_member_text(line, "sample", ""));
	sample.rule = xstrdup(json_member_text(line, "rule", ""));
	GROW(bundle->samples, bundle->sample_count, bundle->sample_capacity);
	bundle->samples[bundle->sample_count++] = sample;
	return NULL;
}

static const char *
take_line(struct bundle *bundle, const char *p, size_t len, size_t number)
{
	auto_json json_t *line = NULL;

	if (json_parse(p, len, BUNDLE_TEXT_MAX * 2, LINE_DEPTH_MAX, &line) !=
		ERR_OK ||
	    !json_is_object(line))
		return "a line that is no JSON object";
	if (number == 1)
		return json_member_int(line, "loep_bundle", 0) == 1
			   ? NULL
			   : "the first line does not say {\"loep_bundle\": 1}";
	if (json_object_get(line, "sample") != NULL)
		return take_sample(bundle, line);
	return take_file(bundle, line);
}

struct bundle *
bundle_read(const void *p, size_t len)
{
	struct bundle *bundle = xcalloc(1, sizeof(*bundle));
	const char *at = p;
	size_t left = len;

	for (size_t number = 1; left > 0; number++) {
		const char *end = memchr(at, '\n', left);
		size_t line = end == NULL ? left : (size_t)(end - at);
		const char *why = NULL;

		if (line > 0)
			why = take_line(bundle, at, line, number);
		if (why != NULL)
			bundle_note(bundle, NULL, number, why);
		if (why != NULL && number == 1)
			break;
		line += end != NULL;
		at += line;
		left -= line;
	}
	collect_rules(bundle);
	return bundle;
}

void
bundle_free(struct bundle *bundle)
{
	if (bundle == NULL)
		return;
	for (size_t i = 0; i < bundle->rule_count; i++)
		rule_release(&bundle->rules[i]);
	for (size_t i = 0; i < bundle->space_count; i++) {
		free(bundle->spaces[i].name);
		free(bundle->spaces[i].globals);
	}
	for (size_t i = 0; i < bundle->sample_count; i++) {
		free(bundle->samples[i].name);
		free(bundle->samples[i].rule);
		free(bundle->samples[i].data);
	}
	for (size_t i = 0; i < bundle->file_count; i++) {
		free(bundle->files[i].source);
		free(bundle->files[i].space);
		free(bundle->files[i].path);
		free(bundle->files[i].text);
	}
	for (size_t i = 0; i < bundle->note_count; i++)
		free(bundle->notes[i].why);
	free(bundle->notes);
	free(bundle->rules);
	free(bundle->spaces);
	free(bundle->samples);
	free(bundle->files);
	free(bundle->by_path);
	free(bundle->slots);
	free(bundle);
}
