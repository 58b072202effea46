/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_words.c - a page in Dutch, French or German has no English word of ours.
 *
 * The data of these documents is written in capitals, so that each text with
 * small letters is one that the page itself says.
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "report/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More than the page shows of anything but artefacts. */
#define MANY 450
/* More than a list within a line shows. */
#define FEW 20
/* More artefacts than the page shows. */
#define ARTEFACTS 2003
/* Deeper than the page draws. */
#define DEPTH 20

/* Each list of more than one entry is made by grow(). */
static const char full[] =
    "{'tlp':'TLP:AMBER','pap':'PAP:AMBER','report':{'kind':'postmortem',"
    "'author_role':'analyst','rev':2,'sections':{'summary':'S','scope':'S',"
    "'damage':'S','root_cause':'S','recommendations':'S','methods':'S',"
    "'limitations':'S'}},'case':{'number':'BE-1','title':'T','org_name':'O',"
    "'created':'2026'},'verdicts':[{'artefact_name':'A','value':'malicious',"
    "'confidence':'high','is_confirmed':true,'reason':'R'},{'value':"
    "'suspicious','confidence':'low','is_confirmed':false},{'value':'benign',"
    "'confidence':'moderate'},{'value':'no_finding'},{'value':"
    "'undetermined'}],"
    "'summary':{'score':95,'artefacts':2,'findings':3,'headlines':[{'score':"
    "95,'name':'N','text':'T','attack':['T1'],'artefact_name':'A','count':2}],"
    "'outcomes':[{'artefact_name':'A','profile':'P','outcome':'O'}]},"
    "'artefacts':[{'id':'A1','name':'A','score':90,'relation':'R',"
    "'hash_state':'mismatch','restriction':'sealed','magic':'M','mime':'M',"
    "'size':1,'sha256':'1','sha1':'1','md5':'1','tlsh':'1','name_hex':'1'},"
    "{'id':'A2','name':'A','score':80,'restriction':'sealed','unsealed':"
    "'2026'},{'id':'A3','name':'A','score':80,'restriction':'quarantined'},"
    "{'id':'T1','name':'A','score':80}],"
    "'findings':[{'id':2,'artefact':'A1','type':'fact','name':'F','detail':"
    "{'value':true}},{'id':3,'artefact':'A2','type':'fact','name':'F',"
    "'detail':{'value':1}},{'id':4,'artefact':'T1','type':'FINDING','name':"
    "'F','score':60,'detail':{}},{'id':1,'artefact':'A1','type':'MATCH',"
    "'name':'N','score':90,'engine':'E','namespace':'N','is_partial':true,"
    "'detail':{'title':'T','attack':['T1'],'count':2000,'strings':[{'id':'$',"
    "'offset':1,'length':1,'text':'T'}],'evidence':[{'at_ms':1,'what':'W',"
    "'pid':1,'image':'I'}]}}],"
    "'runs':[{'trace':'T1','artefact_name':'A','profile':'P','outcome':'O',"
    "'started':'1','ended':'2','reason':'R','options':{'O':1},"
    "'network_mode':'N','counts':[{'events':1}],'lost':[1],'is_cut':true,"
    "'findings':[1],'processes':[{'id':'P1','pid':1,'command_line':'C',"
    "'image':'I','uid':1,'start_ms':1,'end_ms':2,'is_injected':true}],"
    "'network':{'is_cut':true,'dns':[{'name':'N','types':'T','address':'A',"
    "'queries':1}],'http':[{'method':'M','host':'H','path':'P','user_agent':"
    "'U','status':200}],'connections':[{'name':'N','address':'A','port':1,"
    "'proto':'P','app':'A','sent':1,'received':1,'head':'H'}]},"
    "'dns':[{'image':'I','name':'N','count':1}],'connections':[{'image':'I',"
    "'address':'A','port':1,'protocol':'P','count':1}],'files':[{'action':"
    "'A','path':'P','image':'I'}],'console_text':['OUTPUTOUTPUTOUTPUT'],"
    "'timeline':[{'at_ms':1,'class':'C','image':'I','text':'T'}],"
    "'environment':{'profile':{'title':'T','image_sha256':'1','digest':'1',"
    "'memory_mib':1},'hypervisor':'H','accel':'A','cpu':'C','time_limit_s':"
    "1,'timing':{'T':1},'proof':{'is_closed':true,'tried':1}}},"
    "{'artefact_name':'A','environment':{'proof':{'is_closed':false}}}],"
    "'not_done':[{'what':'contents','state':'not done','reason':"
    "'sealed: not opened','artefact_name':'A'},{'what':'reverse engineering',"
    "'state':'cut','reason':'This report was made by machine analysis "
    "alone.'}],"
    "'limits':[{'name':'N','text':'T','analyser':'A','artefact_name':'A'}],"
    "'errors':[{'name':'N','text':'T','analyser':'A','artefact_name':'A'}],"
    "'rescans':[{'at':'1','what':'W','name':'N','namespace':'N',"
    "'artefact_name':'A','version_to':1}],"
    "'submissions':[{'created':'1','channel':'C','kind':'K','tlp':'T','pap':"
    "'P','source_host':'S','comment':'C'}],"
    "'custody':[{'seq':1,'at':'1','actor':'A','action':'A','object':'O',"
    "'outcome':'O'}],"
    "'environment':{'loep':'V1','analysers':[{'name':'N','engine':'E',"
    "'state':'S'}]}}";

/* Texts that are the same in two languages; both sides know why. */
static const struct {
	const char *languages;
	const char *text;
} same[] = {
    /* Marks, and names of members that machines gave. */
    {"nl fr de", "&hellip"},
    {"nl fr de", "ATT&amp"},
    {"nl fr de", "at_ms"},
    {"nl fr de", "image"},
    {"nl fr de", "ms"},
    {"nl fr de", "pid"},
    {"nl fr de", "what"},
    /* The same term in both languages. */
    {"nl", "reviewer"},
    {"nl fr", "Artefact"},
    {"fr", "Artefacts"},
    {"fr", "Verdict"},
    {"fr", "Verdicts"},
    {"fr", "Options"},
    {"fr", "Source"},
    {"fr de", "Organisation"},
    {"fr de", "Port"},
    {"de", "Name"},
    {"de", "System"},
    {"nl fr", "Score"},
    {"nl fr", "Type"},
    {"nl", "bytes"},
    {"nl de", "Bytes"},
    {"nl de", "Offset"},
    {"nl de", "Host"},
    {"nl de", "Hypervisor"},
    {"nl de", "Engine"},
    {"nl", "Protocol"},
    {"nl", "Object"},
};

/* The last entry of a list, until it has count of them. */
static void
grow(json_t *list, size_t count)
{
	json_t *last = json_array_get(list, json_array_size(list) - 1);

	assert_non_null(last);
	while (json_array_size(list) < count)
		(void)json_array_append(list, last);
}

static void
grow_runs(json_t *runs)
{
	static const char *const lists[] = {"findings", "processes", "dns",
	    "connections", "files", "console_text", "timeline"};
	json_t *run = json_array_get(runs, 0);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		grow(json_object_get(run, lists[i]), MANY);
	grow(runs, MANY);
}

static json_t *
parse(const char *text)
{
	auto_free char *copy = xstrdup(text);
	json_error_t error;
	json_t *doc;

	for (char *p = copy; *p != '\0'; p++) {
		if (*p == '\'')
			*p = '"';
	}
	doc = json_loads(copy, 0, &error);
	if (doc == NULL)
		fail_msg("test data: %s at %d", error.text, error.position);
	return doc;
}

/* Every part of the page, and more than it shows of each. */
static json_t *
make_full(void)
{
	json_t *doc = parse(full);
	json_t *artefacts = json_object_get(doc, "artefacts");
	json_t *findings = json_object_get(doc, "findings");
	json_t *match = json_array_get(findings, 3);
	json_t *detail = json_object_get(match, "detail");
	auto_free char *text = xmalloc(MANY * 2 + 1);

	memset(text, 'X', MANY * 2);
	text[MANY * 2] = '\0';
	grow(json_object_get(detail, "strings"), MANY);
	grow(json_object_get(detail, "evidence"), FEW);
	grow(findings, MANY);
	for (int i = 0; i < MANY; i++)
		(void)json_array_append(findings, json_array_get(findings, 0));
	grow(
	    json_object_get(json_object_get(doc, "summary"), "outcomes"), MANY);
	grow(json_object_get(doc, "custody"), MANY);
	grow_runs(json_object_get(doc, "runs"));
	(void)json_object_set_new(
	    json_array_get(json_object_get(doc, "limits"), 0), "text",
	    json_string(text));
	for (int i = 0; i < ARTEFACTS; i++)
		(void)json_array_append_new(
		    artefacts, json_pack("{s:s,s:o,s:s}", "parent", "A1", "id",
				   json_sprintf("X%d", i), "name", "A"));
	return doc;
}

/* Nothing was found or run; artefacts in each other. */
static json_t *
make_empty(void)
{
	json_t *doc = parse("{'tlp':'TLP:RED','report':{'author_role':"
			    "'machine','kind':'triage'},'artefacts':[]}");

	for (int i = 0; i < DEPTH; i++)
		(void)json_array_append_new(json_object_get(doc, "artefacts"),
		    json_pack("{s:o,s:o}", "id", json_sprintf("X%d", i + 1),
			"parent", json_sprintf("X%d", i)));
	return doc;
}

static bool
has_word(const char *text)
{
	for (; *text != '\0'; text++) {
		if (text[0] >= 'a' && text[0] <= 'z' && text[1] >= 'a' &&
		    text[1] <= 'z')
			return true;
	}
	return false;
}

/* Adds the texts of a part between two marks, without the blanks about it. */
static void
add_text(json_t *texts, const char *start, size_t len)
{
	auto_free char *text = NULL;

	while (len > 0 && strchr(" \n", start[0]) != NULL) {
		start++;
		len--;
	}
	while (len > 0 && strchr(" \n", start[len - 1]) != NULL)
		len--;
	text = xstrndup(start, len);
	if (has_word(text))
		(void)json_object_set_new(texts, text, json_true());
}

/* Adds what a page says in small letters, cut at tags and punctuation. */
static void
add_texts(json_t *texts, json_t *doc, const char *language)
{
	static const char folded[] = "<summary data-folded=\"";
	struct html html;
	const char *p;

	(void)json_object_set_new(
	    json_object_get(doc, "report"), "language", json_string(language));
	html_init(&html);
	page_render(&html, doc);
	wire_put_u8(&html.out, 0);
	assert_false(html.out.is_failed);
	p = strstr((const char *)html.out.buf, "<body>");
	assert_non_null(p);
	while (*p != '\0') {
		size_t len = strcspn(p, "<>,;:()\"");

		add_text(texts, p, len);
		p += len;
		if (strncmp(p, folded, sizeof(folded) - 1) == 0)
			p += sizeof(folded) - 2;
		else if (*p == '<')
			p = strchr(p, '>');
		assert_non_null(p);
		p += *p == '\0' ? 0 : 1;
	}
	html_release(&html);
}

static json_t *
texts_of(const char *language)
{
	json_t *texts = json_object();
	auto_json json_t *doc = make_full();
	auto_json json_t *empty = make_empty();

	add_texts(texts, doc, language);
	add_texts(texts, empty, language);
	return texts;
}

static bool
is_same(const char *language, const char *text)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (strstr(same[i].languages, language) != NULL &&
		    strcmp(same[i].text, text) == 0)
			return true;
	}
	return false;
}

static void
test_no_english_is_left(void **unused)
{
	static const char *const languages[] = {"nl", "fr", "de"};
	auto_json json_t *english = texts_of("en");
	size_t left = 0;

	(void)unused;
	/* The pages are what they should be: they say much. */
	assert_true(json_object_size(english) > 180);
	assert_non_null(json_object_get(english, "Conspicuous behaviour"));
	assert_non_null(json_object_get(english, "folded on paper"));
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		auto_json json_t *texts = texts_of(languages[i]);
		const char *text;
		json_t *value;

		json_object_foreach(texts, text, value)
		{
			if (json_object_get(english, text) == NULL ||
			    is_same(languages[i], text))
				continue;
			print_message(
			    "# %s: \"%s\" is English\n", languages[i], text);
			left++;
		}
	}
	assert_int_equal(left, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_english_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
