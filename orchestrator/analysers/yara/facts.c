/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - what libyara's modules have read. */
#include "analysers/yara/facts.h"

#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* libyara's mark of a value that is not known; its type differs. */
#define UNDEFINED ((int64_t)YR_UNDEFINED)

/* Structures in structures, as libyara declares them; more is not walked. */
#define DEPTH_MAX 4

/* One walk: how much may still be written. */
struct walk {
	size_t left;
	bool is_cut;
};

/* Members that become facts of their own, or are not told at all. */
struct part {
	const char *member;
	const char *fact; /* NULL: left out */
};

static const struct part pe_parts[] = {
    {"sections", "pe_sections"},
    {"import_details", "pe_imports"},
    {"delay_import_details", "pe_delay_imports"},
    {"export_details", "pe_exports"},
    {"resources", "pe_resources"},
    {"signatures", "pe_signatures"},
    {"data_directories", NULL},
    {"version_info_list", NULL}, /* version_info again */
    {"is_pe", NULL},
};
static const struct part elf_parts[] = {
    {"sections", "elf_sections"},
    {"segments", "elf_segments"},
    {"dynamic", "elf_dynamic"},
    {"symtab", "elf_symbols"},
    {"dynsym", "elf_dynamic_symbols"},
};
static const struct part dotnet_parts[] = {
    {"resources", "dotnet_resources"},
    {"assembly_refs", "dotnet_references"},
    {"user_strings", "dotnet_strings"},
    {"constants", "dotnet_constants"},
    {"field_offsets", NULL},
};
static const struct part macho_parts[] = {
    {"segments", "macho_segments"},
    {"file", "macho_files"},
};
static const struct part dex_parts[] = {
    {"string_ids", "dex_strings"},
    {"type_ids", NULL},
    {"proto_ids", NULL},
    {"field_ids", NULL},
    {"method_ids", NULL},
    {"class_defs", "dex_classes"},
    {"class_data_item", NULL},
    {"encoded_field", NULL},
    {"encoded_method", NULL},
    {"code_item", NULL},
    {"field", "dex_fields"},
    {"method", "dex_methods"},
    {"map_list", NULL},
};

static const struct module {
	const char *name;
	/* An integer that is set only where the artefact is of this kind. */
	const char *mark;
	const struct part *parts;
	size_t part_count;
} modules[] = {
    {"pe", "number_of_sections", pe_parts, COUNT(pe_parts)},
    {"elf", "type", elf_parts, COUNT(elf_parts)},
    {"dotnet", "number_of_streams", dotnet_parts, COUNT(dotnet_parts)},
    {"macho", "magic", macho_parts, COUNT(macho_parts)},
    {"dex", "header.file_size", dex_parts, COUNT(dex_parts)},
};

/* Numbers whose meaning libyara has as a constant of the module. */
static const struct {
	const char *module;
	const char *member;
	const char *prefix;
	const char *key;
} meanings[] = {
    {"pe", "machine", "MACHINE_", "machine_name"},
    {"pe", "subsystem", "SUBSYSTEM_", "subsystem_name"},
    {"elf", "machine", "EM_", "machine_name"},
    {"elf", "type", "ET_", "type_name"},
    {"macho", "cputype", "CPU_TYPE_", "cputype_name"},
    {"macho", "filetype", "MH_", "filetype_name"},
};

/* Functions of pe without arguments, called as a rule would call them. */
static const struct {
	const char *name;
	const char *key;
} functions[] = {
    {"imphash", "imphash"},
    {"is_dll", "is_dll"},
    {"is_32bit", "is_32bit"},
    {"is_64bit", "is_64bit"},
    {"calculate_checksum", "calculated_checksum"},
};

/* libyara's own look-ups are not exported. */
static YR_OBJECT *
member_of(YR_OBJECT *object, const char *name, size_t len)
{
	YR_STRUCTURE_MEMBER *member;

	if (object == NULL || object->type != OBJECT_TYPE_STRUCTURE)
		return NULL;
	member = object_as_structure(object)->members;
	for (; member != NULL; member = member->next) {
		if (strncmp(member->object->identifier, name, len) == 0 &&
		    member->object->identifier[len] == '\0')
			return member->object;
	}
	return NULL;
}

static json_t *walk_object(struct walk *walk, YR_OBJECT *object,
    const struct module *module, unsigned int depth);

/* Half of the strings in PE files are UTF-16: every second byte is zero. */
static size_t
narrow(const uint8_t *p, size_t len, uint8_t *ret_text, size_t size)
{
	size_t n = 0;

	if (len < 2 || len % 2 != 0)
		return 0;
	for (size_t i = 0; i < len && n < size; i += 2) {
		if (p[i + 1] != 0 || p[i] == 0 || p[i] >= 0x80)
			return 0;
		ret_text[n++] = p[i];
	}
	return n;
}

static json_t *
text_of(struct walk *walk, const uint8_t *p, size_t len)
{
	uint8_t narrowed[FACTS_TEXT_BYTES_MAX];
	size_t n = narrow(p, len, narrowed, sizeof(narrowed));

	if (n > 0) {
		p = narrowed;
		len = n;
	}
	/* Fixed fields are filled up with zeros. */
	while (len > 0 && p[len - 1] == '\0')
		len--;
	if (len > FACTS_TEXT_BYTES_MAX) {
		len = FACTS_TEXT_BYTES_MAX;
		walk->is_cut = true;
	}
	return record_text(p, len);
}

/* A number, a text, or NULL where nothing is known. */
static json_t *
scalar(struct walk *walk, const YR_OBJECT *object)
{
	const SIZED_STRING *text;

	switch (object->type) {
	case OBJECT_TYPE_INTEGER:
		return object->value.i == UNDEFINED
			   ? NULL
			   : json_integer(object->value.i);
	case OBJECT_TYPE_FLOAT:
		return isfinite(object->value.d) ? json_real(object->value.d)
						 : NULL;
	case OBJECT_TYPE_STRING:
		text = object->value.ss;
		return text == NULL
			   ? NULL
			   : text_of(walk, (const uint8_t *)text->c_string,
				 text->length);
	default:
		return NULL;
	}
}

/* False once the fact is full. */
static bool
spend(struct walk *walk, const json_t *value, size_t extra)
{
	/* Texts may be escaped to twice their length, mostly are not. */
	size_t len =
	    extra + 4 +
	    (json_is_string(value)	? json_string_length(value) * 5 / 4 + 2
		: json_is_number(value) ? 12
					: 2);

	if (len > walk->left) {
		walk->left = 0;
		walk->is_cut = true;
		return false;
	}
	walk->left -= len;
	return true;
}

static json_t *
walk_array(struct walk *walk, YR_OBJECT *object, unsigned int depth)
{
	YR_ARRAY_ITEMS *items = object_as_array(object)->items;
	json_t *list = json_array();

	for (int i = 0; items != NULL && i < items->length && walk->left > 0;
	     i++) {
		YR_OBJECT *item = items->objects[i];
		json_t *value;

		if (i == FACTS_ITEMS_MAX) {
			walk->is_cut = true;
			break;
		}
		value = item == NULL ? NULL
				     : walk_object(walk, item, NULL, depth + 1);
		if (value != NULL)
			(void)json_array_append_new(list, value);
	}
	if (json_array_size(list) > 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
walk_dictionary(struct walk *walk, YR_OBJECT *object, unsigned int depth)
{
	YR_DICTIONARY_ITEMS *items = object_as_dictionary(object)->items;
	json_t *result = json_object();

	for (int i = 0; items != NULL && i < items->used && walk->left > 0;
	     i++) {
		const SIZED_STRING *key = items->objects[i].key;
		json_t *name =
		    key == NULL ? NULL
				: text_of(walk, (const uint8_t *)key->c_string,
				      key->length);
		json_t *value =
		    walk_object(walk, items->objects[i].obj, NULL, depth + 1);

		if (name != NULL && value != NULL)
			(void)json_object_set(
			    result, json_string_value(name), value);
		json_decref(name);
		json_decref(value);
	}
	if (json_object_size(result) > 0)
		return result;
	json_decref(result);
	return NULL;
}

/* No text, whatever libyara calls it: the compiler's stamp in a PE file. */
static json_t *
bytes_of(struct walk *walk, const YR_OBJECT *object)
{
	const SIZED_STRING *bytes = object->value.ss;
	size_t len = bytes == NULL ? 0 : bytes->length;

	if (len > FACTS_TEXT_BYTES_MAX) {
		len = FACTS_TEXT_BYTES_MAX;
		walk->is_cut = true;
	}
	return len == 0 ? NULL : record_hex(bytes->c_string, len);
}

static bool
is_part(const struct module *module, const char *name)
{
	for (size_t i = 0; module != NULL && i < module->part_count; i++) {
		if (strcmp(module->parts[i].member, name) == 0)
			return true;
	}
	return false;
}

/* Constants are members, too; libyara writes them in capitals. */
static bool
is_constant(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z';
}

static json_t *
walk_structure(struct walk *walk, YR_OBJECT *object,
    const struct module *module, unsigned int depth)
{
	YR_STRUCTURE_MEMBER *member = object_as_structure(object)->members;
	json_t *result = json_object();

	for (; member != NULL && walk->left > 0; member = member->next) {
		const char *name = member->object->identifier;
		json_t *value;

		if (is_constant(name) || is_part(module, name) ||
		    strcmp(name, "raw_data") == 0)
			continue;
		value =
		    strcmp(name, "clear_data") == 0
			? bytes_of(walk, member->object)
			: walk_object(walk, member->object, NULL, depth + 1);
		if (value != NULL && spend(walk, NULL, strlen(name)))
			(void)json_object_set(result, name, value);
		json_decref(value);
	}
	if (json_object_size(result) > 0)
		return result;
	json_decref(result);
	return NULL;
}

static json_t *
walk_object(struct walk *walk, YR_OBJECT *object, const struct module *module,
    unsigned int depth)
{
	json_t *value;

	if (depth > DEPTH_MAX)
		return NULL;
	switch (object->type) {
	case OBJECT_TYPE_STRUCTURE:
		return walk_structure(walk, object, module, depth);
	case OBJECT_TYPE_ARRAY:
		return walk_array(walk, object, depth);
	case OBJECT_TYPE_DICTIONARY:
		return walk_dictionary(walk, object, depth);
	case OBJECT_TYPE_FUNCTION:
		return NULL;
	default:
		value = scalar(walk, object);
		if (value == NULL || spend(walk, value, 0))
			return value;
		json_decref(value);
		return NULL;
	}
}

static void
add_meanings(json_t *fact, YR_OBJECT *object, const char *module)
{
	for (size_t i = 0; i < COUNT(meanings); i++) {
		size_t len = strlen(meanings[i].prefix);
		json_t *number = json_object_get(fact, meanings[i].member);
		YR_STRUCTURE_MEMBER *member =
		    object_as_structure(object)->members;

		if (strcmp(module, meanings[i].module) != 0 || number == NULL)
			continue;
		for (; member != NULL; member = member->next) {
			const YR_OBJECT *one = member->object;

			if (one->type != OBJECT_TYPE_INTEGER ||
			    one->value.i != json_integer_value(number) ||
			    strncmp(one->identifier, meanings[i].prefix, len) !=
				0)
				continue;
			(void)json_object_set_new(fact, meanings[i].key,
			    json_string(one->identifier + len));
			break;
		}
	}
}

/*
 * A function of the module without arguments, the way libyara's own
 * interpreter calls it (exec.c, OP_CALL).
 */
static json_t *
call(YR_SCAN_CONTEXT *context, YR_OBJECT *module, const char *name)
{
	YR_OBJECT *object = member_of(module, name, strlen(name));
	struct walk walk = {.left = FACTS_BYTES_MAX};
	YR_OBJECT_FUNCTION *function;
	YR_VALUE arguments[1] = {{.i = UNDEFINED}};

	if (object == NULL || object->type != OBJECT_TYPE_FUNCTION)
		return NULL;
	function = object_as_function(object);
	for (size_t i = 0; i < YR_MAX_OVERLOADED_FUNCTIONS &&
			   function->prototypes[i].arguments_fmt != NULL;
	     i++) {
		if (function->prototypes[i].arguments_fmt[0] != '\0')
			continue;
		if (function->prototypes[i].code(
			arguments, context, function) != ERROR_SUCCESS)
			return NULL;
		return scalar(&walk, function->return_obj);
	}
	return NULL;
}

static void
add_functions(json_t *fact, YR_SCAN_CONTEXT *context, YR_OBJECT *module)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		json_t *value = call(context, module, functions[i].name);

		if (value != NULL)
			(void)json_object_set_new(
			    fact, functions[i].key, value);
	}
}

static bool
is_of_kind(YR_OBJECT *object, const struct module *module)
{
	const char *name = module->mark;
	size_t len = strcspn(name, ".");

	object = member_of(object, name, len);
	if (name[len] == '.')
		object =
		    member_of(object, name + len + 1, strlen(name + len + 1));
	return object != NULL && object->type == OBJECT_TYPE_INTEGER &&
	       object->value.i != UNDEFINED;
}

/* The big lists of a module; returns the names of those that were cut. */
static json_t *
put_parts(
    const struct module *module, YR_OBJECT *object, struct record_out *out)
{
	json_t *cut = json_array();

	for (size_t i = 0; i < module->part_count; i++) {
		const struct part *part = &module->parts[i];
		struct walk walk = {.left = FACTS_BYTES_MAX};
		YR_OBJECT *member =
		    part->fact == NULL
			? NULL
			: member_of(object, part->member, strlen(part->member));
		json_t *value =
		    member == NULL ? NULL : walk_object(&walk, member, NULL, 0);

		if (value != NULL)
			record_fact(out, part->fact, value);
		if (walk.is_cut)
			(void)json_array_append_new(
			    cut, json_string(part->fact));
	}
	return cut;
}

void
facts_put(YR_SCAN_CONTEXT *context, YR_OBJECT *object, struct record_out *out)
{
	const struct module *module = NULL;
	struct walk walk = {.left = FACTS_BYTES_MAX};
	json_t *fact, *cut;

	for (size_t i = 0; i < COUNT(modules); i++) {
		if (strcmp(object->identifier, modules[i].name) == 0)
			module = &modules[i];
	}
	if (module == NULL || !is_of_kind(object, module))
		return;
	fact = walk_object(&walk, object, module, 0);
	cut = put_parts(module, object, out);
	if (fact == NULL) {
		json_decref(cut);
		return;
	}
	add_meanings(fact, object, module->name);
	if (strcmp(module->name, "pe") == 0)
		add_functions(fact, context, object);
	if (walk.is_cut)
		(void)json_array_append_new(cut, json_string(module->name));
	if (json_array_size(cut) > 0)
		(void)json_object_set(fact, "cut", cut);
	json_decref(cut);
	record_fact(out, module->name, fact);
}
