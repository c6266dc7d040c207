// SPDX-License-Identifier: Apache-2.0
/* Files of images: what they say, and where and how they say it wrongly. */
#include "core/base/io.h"
#include "core/build/fields.h"
#include "testsuite/unit/test.h"

#define FROM "  from: {type: scratch}\n"

static int parse(const char *text, bool require_hash, struct recipes *out, struct err *err)
{
	struct substitutions s = {0};
	/* Memory of exactly that size: a read behind it is found */
	size_t n = strlen(text);
	cleanup_free char *copy = malloc(n ? n : 1);

	memcpy(copy, text, n);
	return recipes_parse("/d/f", copy, n, &s, require_hash, out, err);
}

struct fault {
	const char *text, *message;
};

static void check_faults(const struct fault *faults, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		cleanup_err struct err err = ERR_NONE;
		cleanup_recipes struct recipes r = RECIPES_NONE;
		int code = parse(faults[i].text, true, &r, &err);

		CHECK(code < 0 && err.told && !err.what && err.path &&
				strcmp(err.path, faults[i].message) == 0,
			"%d: %s", code, err.path ? err.path : "nothing is wrong");
		CHECK(!r.at && !r.text && !r.count, "and nothing is left");
	}
}

static void check_yaml_faults(void)
{
	static const struct fault faults[] = {
		{"", "/d/f:1:1: there is no image; one is written 'NAME:', and below, indented, "
		     "'from:'"},
		{"- a\n", "/d/f:1:1: there is no image; one is written 'NAME:', and below, "
			  "indented, 'from:'"},
		{"a:\n\tfrom: x\n", "/d/f:2:1: a tab, where YAML takes only spaces to indent"},
		{"\xc3\xa9:\n  a: 'x\n", "/d/f:3:1: no YAML: while scanning a quoted scalar: found "
					 "unexpected end of stream"},
		{"a: {b: [1\n", "/d/f:2:1: no YAML: while parsing a flow sequence: did not find "
				"expected ',' or ']'"},
		{"a:\n  b: \xff\n", "/d/f:2:6: no YAML: invalid leading UTF-8 octet; it must be "
				    "text in UTF-8 without control characters"},
		{"a:\n" FROM "b:\n" FROM "a:\n" FROM,
			"/d/f:5:1: 'a' stands here a second time; the first is in line 1, column 1"},
		{"a:\n" FROM "---\nb:\n" FROM, "/d/f:3:1: a second document begins here; a file "
					       "has one, without '---' in the middle"},
		{"a:\n  ? [x]\n  : y\n", "/d/f:2:5: a key is a list; it must be text"},
		{"a: !mine x\n", "/d/f:1:4: the tag !mine has no meaning here"},
		{"a: *b\n", "/d/f:1:4: nothing before has the anchor '&b'"},
		{"a: &b [*b]\n",
			"/d/f:1:8: '*b' stands within what it names, which would have no end"},
		{"a:\n  <<: x\n" FROM,
			"/d/f:2:7: '<<' merges a map, or a list of maps: write '<<: *NAME'"},
		{"a:\n  run: \"\\0\"\n", "/d/f:2:8: there is a NUL in the text"},
	};

	check_faults(faults, ARRAY_SIZE(faults));
}

static void check_key_faults(void)
{
	static const struct fault faults[] = {
		{"a:\n" FROM "  improts: x\n",
			"/d/f:3:3: an image has no key 'improts'; did you mean 'imports'?"},
		{"a:\n  from: {typ: x}\n",
			"/d/f:2:10: 'from' has no key 'typ'; did you mean 'type'?"},
		{"a:\n" FROM "  imports: [{paht: x}]\n",
			"/d/f:3:14: an import has no key 'paht'; did you mean 'path'?"},
		{"a:\n" FROM "  binds: [{zz: x}]\n",
			"/d/f:3:12: a bind has no key 'zz'; there are source, dest"},
		{"config:\n  from: x\n", "/d/f:2:3: 'config', which is no image, has no key "
					 "'from'; there are prerequisites"},
		{"config: x\n", "/d/f:1:9: 'config' is text; a map with 'prerequisites' is "
				"expected"},
		{"config: {prerequisites: x}\n",
			"/d/f:1:25: 'prerequisites' is text; a list is expected"},
		{"a b:\n" FROM, "/d/f:1:1: 'a b' cannot be an image's name; it is letters and "
				"digits, with single '-', '.', '_', '@' or '+' between them"},
		{"'a:b':\n" FROM, "/d/f:1:1: 'a:b' cannot be an image's name; it is letters and "
				  "digits, with single '-', '.', '_', '@' or '+' between them"},
		{"a:\n", "/d/f:1:1: 'a' is empty; below it, indented, 'from:' is expected"},
		{"a: x\n", "/d/f:1:4: 'a' is text; an image, a map with 'from', is expected"},
		{"a: {run: x}\n", "/d/f:1:1: 'a' needs 'from', which says what it is based on"},
		{"a: {from: }\n", "/d/f:1:11: 'from' is empty; a map with a 'type' is expected"},
		{"a: {from: {url: x}}\n", "/d/f:1:11: 'from' needs a 'type': docker, oci, tar, "
					  "built or scratch"},
		{"a: {from: {type: dokcer}}\n",
			"/d/f:1:18: there is no type 'dokcer'; did you mean 'docker'?"},
		{"a: {from: {type: docker}}\n", "/d/f:1:11: 'from' of type docker needs an 'url'"},
		{"a: {from: {type: oci}}\n", "/d/f:1:11: 'from' of type oci needs an 'url'"},
		{"a: {from: {type: built}}\n",
			"/d/f:1:11: 'from' of type built needs a 'tag', the name of the image"},
		{"a: {from: {type: tar, url: ftp://x}}\n",
			"/d/f:1:28: 'url' is 'ftp://x'; a path, stacker://NAME/PATH, http:// or "
			"https:// is expected"},
	};

	check_faults(faults, ARRAY_SIZE(faults));
}

static void check_value_faults(void)
{
	static const struct fault faults[] = {
		{"a:\n" FROM "  run: {a: b}\n",
			"/d/f:3:8: 'run' is a map; text or a list is expected"},
		{"a:\n" FROM "  run: [a, ]\n  os:\n", "/d/f:4:6: 'os' is empty; text is expected"},
		{"a:\n" FROM "  run:\n  - a\n  -\n",
			"/d/f:5:4: item 2 of 'run' is empty; text is expected"},
		{"a:\n" FROM "  arch: ''\n", "/d/f:3:9: 'arch' is empty"},
		{"a:\n" FROM "  working_dir: [x]\n",
			"/d/f:3:16: 'working_dir' is a list; text is expected"},
		{"a:\n" FROM "  volumes: x\n", "/d/f:3:12: 'volumes' is text; a list is expected"},
		{"a:\n" FROM "  cmd: a 'b\n", "/d/f:3:8: 'cmd' has a quote that does not end, or "
					      "a backslash at its end"},
		{"a:\n" FROM "  build_only: perhaps\n",
			"/d/f:3:15: 'build_only' is 'perhaps'; true or false is expected"},
		{"a:\n" FROM "  labels: [x]\n",
			"/d/f:3:11: 'labels' is a list; a map of names and values is expected"},
		{"a:\n" FROM "  environment: {A=B: c}\n",
			"/d/f:3:17: 'A=B' in 'environment': a variable's name has no '='"},
		{"a:\n" FROM "  build_env_passthrough: ['[']\n",
			"/d/f:3:27: item 1 of 'build_env_passthrough' is no regular expression; "
			"'.*' lets all through"},
		{"a:\n" FROM "  build_env_passthrough: ['a{9}{9}']\n",
			"/d/f:3:27: item 1 of 'build_env_passthrough' has more than 256 bytes, or "
			"more than one '{'"},
		{"a:\n" FROM "  imports: x\n  import: y\n",
			"/d/f:4:11: there are 'import' and 'imports'; put all under 'imports'"},
		{"a:\n" FROM "  imports: {path: x}\n",
			"/d/f:3:12: 'imports' is a map; a list of paths and of maps with a 'path' "
			"is expected"},
		{"a:\n" FROM "  imports: [{dest: /x}]\n", "/d/f:3:13: an import needs a 'path'"},
		{"a:\n" FROM "  imports: [{path: x, dest: y}]\n",
			"/d/f:3:29: 'dest' is 'y', a relative path; write where it is in the "
			"image, from '/' on"},
		{"a:\n" FROM "  imports: [{path: x, hash: abc}]\n",
			"/d/f:3:29: 'hash' is no SHA-256; 64 hexadecimal digits are expected, as "
			"sha256sum prints them"},
		{"a:\n" FROM "  imports: [{path: x, uid: 4294967295}]\n",
			"/d/f:3:28: 'uid' is '4294967295'; a number from 0 to 4294967294 is "
			"expected"},
		{"a:\n" FROM "  imports: [{path: x, gid: -1}]\n",
			"/d/f:3:28: 'gid' is '-1'; a number from 0 to 4294967294 is expected"},
		{"a:\n" FROM "  imports: [{path: x, mode: 0888}]\n",
			"/d/f:3:29: 'mode' is '0888'; an octal number from 0 to 07777 is expected"},
		{"a:\n" FROM "  imports: [{path: x, mode: 755}]\n",
			"/d/f:3:29: 'mode' is the decimal number 755, which is 01363; write 0755"},
		{"a:\n" FROM "  imports: [http://x/y]\n",
			"/d/f:3:13: 'http://x/y' needs a 'hash', which --require-hash asks for"},
		{"a:\n" FROM "  imports: ['stacker://b']\n",
			"/d/f:3:13: 'stacker://b': a path, stacker://NAME/PATH, http:// or "
			"https:// is expected"},
		{"a:\n" FROM "  binds: ['a -> b']\n",
			"/d/f:3:11: 'dest' is 'b', a relative path; write where it is in the "
			"image, from '/' on"},
		{"a:\n" FROM "  binds: [a b]\n",
			"/d/f:3:11: a bind is written 'SOURCE', 'SOURCE -> DEST', or as a map with "
			"'source' and 'dest'"},
		{"a:\n" FROM "  overlay_dirs: [x]\n",
			"/d/f:3:18: 'an overlay_dir' is text; a map with a 'source' is expected"},
		{"a:\n" FROM "  overlay_dirs: [{dest: /}]\n",
			"/d/f:3:18: an overlay_dir needs a 'source'"},
		{"a:\n" FROM "  apply: ['docker://x']\n",
			"/d/f:3:11: 'docker://x' in 'apply': the NAME of an image of this build, "
			"stacker://NAME, or oci:DIR:TAG is expected"},
	};

	check_faults(faults, ARRAY_SIZE(faults));
}

static bool list_is(const struct strings *s, const char *joined)
{
	cleanup_buf struct buf all = BUF_NONE;
	size_t i;

	buf_adds(&all, "");
	for (i = 0; i < s->count; i++)
		buf_addf(&all, "%s%s", i ? "|" : "", s->at[i]);
	return strcmp(all.data, joined) == 0;
}

static bool pairs_are(const struct pairs *p, const char *joined)
{
	cleanup_buf struct buf all = BUF_NONE;
	size_t i;

	buf_adds(&all, "");
	for (i = 0; i < p->count; i++)
		buf_addf(&all, "%s%s=%s", i ? "|" : "", p->at[i].name, p->at[i].value);
	return strcmp(all.data, joined) == 0;
}

static void check_texts(void)
{
	static const char text[] = "a:\n" FROM "  run: |\n    one\n    two\n"
				   "  generate_labels: [true, 5]\n"
				   "  cmd: a 'b c' \"d\\\"\\$\"e\\ f ''\n"
				   "  entrypoint: []\n"
				   "  full_command: [x, y z]\n"
				   "  build_env: {A: 1, B: true, C: }\n"
				   "  environment: {PATH: /bin}\n"
				   "  labels: {x.y: '5', 7: 0.50}\n"
				   "  annotations: {é: ü}\n"
				   "  build_env_passthrough: [A.*]\n"
				   "  volumes: [/v]\n"
				   "  working_dir: /w\n  runtime_user: 1000\n"
				   "  os: linux\n  arch: arm64\n  build_only: yes\n"
				   "  bom: {generate: true}\n  binds:\n";
	cleanup_recipes struct recipes r = RECIPES_NONE;
	const struct recipe *a;

	CHECK(parse(text, false, &r, NULL) == 0 && r.count == 1, "a file with much in it");
	a = recipes_find(&r, "a");
	CHECK(a == r.at && !recipes_find(&r, "b"), "an image is found by its name");
	CHECK(strcmp(r.path, "/d/f") == 0 && strcmp(r.dir, "/d") == 0, "where it is");
	CHECK(strcmp(r.text, text) == 0, "its text");
	CHECK(list_is(&a->run, "one\ntwo\n") && list_is(&a->generate_labels, "true|5"), "run");
	CHECK(a->has_cmd && list_is(&a->cmd, "a|b c|d\"\\$e f|"), "cmd is split as a shell would");
	CHECK(a->has_entrypoint && !a->entrypoint.count, "an empty entrypoint is one");
	CHECK(list_is(&a->full_command, "x|y z"), "full_command is not split");
	CHECK(pairs_are(&a->build_env, "A=1|B=true|C="), "numbers and booleans are their text");
	CHECK(pairs_are(&a->environment, "PATH=/bin"), "environment");
	CHECK(pairs_are(&a->labels, "x.y=5|7=0.50") && pairs_are(&a->annotations, "é=ü"), "labels");
	CHECK(a->has_passthrough && list_is(&a->passthrough, "A.*"), "passthrough");
	CHECK(list_is(&a->volumes, "/v") && a->build_only && a->has_bom,
		"volumes, build_only, bom");
	CHECK(strcmp(a->working_dir, "/w") == 0 && strcmp(a->runtime_user, "1000") == 0 &&
			strcmp(a->os, "linux") == 0 && strcmp(a->arch, "arm64") == 0,
		"texts");
	CHECK(!a->bind_count && !a->apply_count, "what is empty is as if it were not there");
	CHECK(a->place.line == 1 && a->from.place.line == 2 && a->from.place.column == 9, "places");
}

static void check_import(const char *written, bool list, const char *path, bool content)
{
	cleanup_recipes struct recipes r = RECIPES_NONE;
	cleanup_free char *text = NULL;

	CHECK(asprintf(&text, "a:\n" FROM "  import%s: %s\n", list ? "s" : "", written) > 0 &&
			parse(text, false, &r, NULL) == 0 && r.at->import_count == 1 &&
			strcmp(r.at->imports->path, path) == 0 &&
			r.at->imports->content == content && r.at->legacy_import == !list,
		"import %s is %s", written,
		r.at && r.at->imports ? r.at->imports->path : "nothing");
}

static void check_imports(void)
{
	static const char text[] =
		"a:\n" FROM
		"  imports:\n  - {path: f, dest: //x/../y/, mode: 0755, uid: 0, gid: 8}\n"
		"  - {path: f, dest: /, mode: 0o644, hash: "
		"ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789}\n"
		"  - {path: f, mode: 493}\n";
	cleanup_recipes struct recipes r = RECIPES_NONE;
	const struct import *i;

	check_import("x", true, "/d/x", false);
	check_import("x/", false, "/d/x", true);
	check_import("[./../x//y/.]", true, "/x/y", false);
	check_import("[/]", true, "/", true);
	check_import("['stacker://b/x/y/']", true, "stacker://b/x/y", true);
	check_import("['stacker://b/']", true, "stacker://b/", true);
	check_import("[{path: 'https://h/x/'}]", true, "https://h/x/", false);
	CHECK(parse(text, false, &r, NULL) == 0 && r.at->import_count == 3, "imports as maps");
	i = r.at->imports;
	CHECK(strcmp(i[0].dest, "/y/") == 0 && i[0].mode == 0755 && i[0].owner.uid == 0 &&
			i[0].owner.gid == 8,
		"dest, mode, ids");
	CHECK(strcmp(i[1].dest, "/") == 0 && i[1].mode == 0644 && i[1].owner.uid == OWNER_KEEP &&
			strncmp(i[1].hash, "abcdef01", 8) == 0 && !i[0].hash,
		"a hash in lower case");
	CHECK(!i[2].dest && i[2].mode == 0755, "a decimal mode");
}

static void check_host(void)
{
	static const char text[] =
		"a:\n  from: {type: tar, url: x.tar}\n"
		"  binds: [/a/, ' b  ->  /c/', {source: d}, {source: e, dest: /f}]\n"
		"  overlay_dirs: [{source: o}, {source: /o/, dest: /p}]\n"
		"  apply: [b, 'stacker://c', 'oci:l:t', 'oci:/l:t']\n"
		"b: {from: {type: oci, url: 'l:t', insecure: true}}\n"
		"c: {from: {type: docker, url: 'docker://h/i:t'}}\n"
		"d: {from: {type: tar, url: 'stacker://c/x'}, imports: ['stacker://b/y']}\n";
	cleanup_recipes struct recipes r = RECIPES_NONE;
	const struct recipe *a;
	struct strings needs = {0};

	CHECK(parse(text, false, &r, NULL) == 0 && r.count == 4, "directories of the host");
	a = r.at;
	CHECK(strcmp(a->binds[0].source, "/a") == 0 && strcmp(a->binds[0].dest, "/a") == 0 &&
			strcmp(a->binds[1].source, "/d/b") == 0 &&
			strcmp(a->binds[1].dest, "/c/") == 0 &&
			strcmp(a->binds[2].dest, "/d/d") == 0 &&
			strcmp(a->binds[3].dest, "/f") == 0 && a->bind_count == 4,
		"binds");
	CHECK(strcmp(a->overlay_dirs[0].source, "/d/o") == 0 &&
			strcmp(a->overlay_dirs[0].dest, "/") == 0 &&
			strcmp(a->overlay_dirs[1].dest, "/p") == 0,
		"overlay_dirs");
	CHECK(strcmp(a->apply[0].image, "stacker://b") == 0 &&
			strcmp(a->apply[2].image, "oci:/d/l:t") == 0 &&
			strcmp(a->apply[3].image, "oci:/l:t") == 0,
		"apply");
	CHECK(strcmp(a->from.url, "/d/x.tar") == 0 && strcmp(r.at[1].from.url, "/d/l:t") == 0 &&
			strcmp(r.at[2].from.url, "docker://h/i:t") == 0 && r.at[1].from.insecure,
		"from");
	CHECK(recipe_needs(a, &needs) == 0 && list_is(&needs, "b|c"), "apply needs");
	strings_free(&needs);
	CHECK(recipe_needs(&r.at[3], &needs) == 0 && list_is(&needs, "c|b"),
		"tar and imports need");
	strings_free(&needs);
}

static void check_aliases(void)
{
	static const char text[] =
		"a: &a\n  from: &f {type: scratch}\n  labels: &l {x: 1, y: 2}\n  run: [&r one, *r]\n"
		"b:\n  <<: *a\n  labels: {<<: [{y: 3}, *l], x: 0, z: 4}\n"
		"c: {from: *f, run: !!str 5}\n";
	cleanup_recipes struct recipes r = RECIPES_NONE;
	cleanup_buf struct buf bomb = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;
	int i;

	CHECK(parse(text, false, &r, &err) == 0 && r.count == 3, "aliases: %s",
		err.path ? err.path : "");
	CHECK(list_is(&r.at[0].run, "one|one") && list_is(&r.at[1].run, "one|one"), "merged");
	CHECK(pairs_are(&r.at[1].labels, "x=0|z=4|y=3"), "own keys count more than merged ones");
	buf_adds(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x]\n");
	for (i = 1; i < 12; i++)
		buf_addf(&bomb, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	CHECK(parse(bomb.data, false, &(struct recipes)RECIPES_NONE, &err) == -E2BIG &&
			strstr(err.path, "more than 100000 values"),
		"aliases of aliases have an end: %s", err.path);
}

static void check_limits(void)
{
	cleanup_buf struct buf deep = BUF_NONE, many = BUF_NONE, chain = BUF_NONE;
	struct recipes r = RECIPES_NONE;
	struct order o;
	int i;

	buf_adds(&deep, "a: ");
	for (i = 0; i < 100; i++)
		buf_adds(&deep, "[");
	CHECK(parse(deep.data, false, &r, NULL) == -E2BIG, "nested without end");
	buf_adds(&many, "a:\n" FROM "  run:\n");
	for (i = 0; i < 100001; i++)
		buf_adds(&many, "  - x\n");
	CHECK(parse(many.data, false, &r, NULL) == -E2BIG, "a list without end");
	for (i = 0; i < 10000; i++)
		buf_addf(&chain, "i%d: {from: {type: built, tag: i%d}}\n", i, i + 1);
	buf_addf(&chain, "i%d:\n" FROM, i);
	CHECK(parse(chain.data, false, &r, NULL) == 0, "a long chain of images");
	CHECK(order_make(&r, 1, &o, NULL) == 0 && o.count == 10001 &&
			o.at[0].recipe == &r.at[10000] && o.at[10000].needs[0] == 9999,
		"is in order");
	order_free(&o);
	recipes_free(&r);
}

static void check_substitution(const char *text, const char *result)
{
	struct substitutions s = {0};
	cleanup_buf struct buf out = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;
	int code;

	substitutions_add(&s, "A=1", NULL);
	substitutions_add(&s, "A=2", NULL);
	substitutions_add(&s, "E=", NULL);
	substitutions_add(&s, "OTHER=x=y", NULL);
	substitutions_add(&s, "DEEP=<${{A}}${{D:d}}>", NULL);
	substitutions_add(&s, "LOOP=${{LOOP}}", NULL);
	code = substitute(&s, "f", text, &out, &err);
	substitutions_free(&s);
	CHECK(strcmp(code < 0 ? err.path : out.data, result) == 0, "%s: %s", text,
		code < 0 ? err.path : out.data);
}

static void check_substitutions(void)
{
	check_substitution("$B ${B} ${{A}}-${{E}}-${{OTHER:z}}", "$B ${B} 1--x=y");
	check_substitution("${{B:}}${{B:x:y}} $$ $", "x:y $$ $");
	check_substitution("${{DEEP}} $AB ${AB} ${A-x}", "<1d> $AB ${AB} ${A-x}");
	check_substitution("é\n é ${{B}}", "f:2:4: 'B' has no value: give one by --substitute "
					   "B=VALUE, or a default as in '${{B:DEFAULT}}'");
	check_substitution("${{OTHR}}", "f:1:1: 'OTHR' has no value; did you mean 'OTHER'?");
	check_substitution("a\n$A", "f:2:1: '$A' is left to the shell, but a substitution 'A' was "
				    "given: write '${{A}}', or give the substitution another name");
	check_substitution("${A}", "f:1:1: '${A}' is left to the shell, but a substitution 'A' was "
				   "given: write '${{A}}', or give the substitution another name");
	check_substitution("${A:-x}", "f:1:1: '${A}' is left to the shell, but a substitution 'A' "
				      "was given: write '${{A}}', or give the substitution another "
				      "name");
	check_substitution("x ${{A", "f:1:3: '${{' without its '}}'; the name and the default have "
				     "no '}' in them");
	check_substitution("${{A:${{B}}", "1");
	check_substitution(
		"${{LOOP}}", "f:1:1: the values of substitutions name each other without end");
}

static void check_bad_substitutions(void)
{
	static const char *const bad[] = {"A", "=x", "A B=x", "A:B=x", "${A}=x"};
	struct substitutions s = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(substitutions_add(&s, bad[i], NULL) == -EINVAL, "no substitution: %s",
			bad[i]);
	CHECK(!s.pairs.count, "nothing was added");
	substitutions_free(&s);
}

static void check_order(const char *text, const char *result)
{
	cleanup_recipes struct recipes r = RECIPES_NONE;
	cleanup_buf struct buf got = BUF_NONE;
	cleanup_err struct err err = ERR_NONE;
	struct order o;
	size_t i, j;

	buf_adds(&got, "");
	if (!CHECK(parse(text, false, &r, &err) == 0, "%s", err.path ? err.path : "it parses"))
		return;
	if (order_make(&r, 1, &o, &err) < 0)
		buf_adds(&got, err.path);
	for (i = 0; i < o.count; i++) {
		buf_addf(&got, "%s", o.at[i].recipe->name);
		for (j = 0; j < o.at[i].need_count; j++)
			buf_addf(&got, "%zu", o.at[i].needs[j]);
		buf_adds(&got, " ");
	}
	order_free(&o);
	CHECK(strcmp(got.data, result) == 0, "order: %s", got.data);
}

#define BUILT(name, on) name ": {from: {type: built, tag: " on "}}\n"

static void check_orders(void)
{
	check_order("a:\n" FROM "b:\n" FROM, "a b ");
	check_order(BUILT("a", "b") BUILT("b", "c") "c:\n" FROM "d:\n" FROM, "c b0 a1 d ");
	check_order("a:\n" FROM "  imports: ['stacker://c/x', 'stacker://b/y', 'stacker://c/z']\n"
		    "b:\n" FROM "c:\n" FROM,
		"c b a01 ");
	check_order(BUILT("a", "a"), "/d/f:1:11: 'a' needs 'a'; images cannot need each other");
	check_order(BUILT("a", "b") BUILT("b", "c") BUILT("c", "a"),
		"/d/f:3:11: 'c' needs 'a', which needs 'b', which needs 'c'; images cannot need "
		"each other");
	check_order("base:\n" FROM BUILT("b", "bsae"),
		"/d/f:3:11: 'b' needs an image 'bsae'; did you mean 'base'?");
	check_order("a:\n" FROM "  apply: [other]\n",
		"/d/f:3:11: 'a' needs an image 'other', which no file has; config.prerequisites "
		"names other files");
}

static void put(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = NULL;
	cleanup_fd int fd = -1;

	if (asprintf(&path, "%s/%s", dir, name) > 0)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && io_write(fd, text, strlen(text)) == 0, "%s", name);
}

/* Reads DIR/name with all that it needs: the files' names, or err's path behind the directory. */
static void check_files(const char *dir, const char *name, const char *result)
{
	struct substitutions s = {0};
	cleanup_err struct err err = ERR_NONE;
	cleanup_buf struct buf got = BUF_NONE;
	cleanup_free char *path = NULL;
	struct recipes *files;
	struct order o;
	size_t i, count, skip = strlen(dir) + 1;

	buf_adds(&got, "");
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return;
	if (recipes_read_all(path, &s, false, &files, &count, &err) < 0) {
		CHECK(strncmp(err.path + skip, result, strlen(result)) == 0, "%s", err.path);
		return;
	}
	for (i = 0; i < count; i++)
		buf_addf(&got, "%s ", files[i].path + skip);
	if (order_make(files, count, &o, &err) < 0)
		buf_adds(&got, err.path + skip);
	CHECK(strncmp(got.data, result, strlen(result)) == 0, "%s", got.data);
	order_free(&o);
	while (count)
		recipes_free(&files[--count]);
	free(files);
}

static void check_prerequisites(void)
{
	static const char *const names[] = {"a", "b", "c", "loop", "missing", "twice"};
	char dir[] = "/tmp/rlc-unit-XXXXXX";
	size_t i;

	if (!CHECK(mkdtemp(dir), "a directory"))
		return;
	put(dir, "a", "config: {prerequisites: [./b, c]}\n" BUILT("x", "y"));
	put(dir, "b", "config: {prerequisites: [c]}\ny:\n" FROM);
	put(dir, "c", "z:\n" FROM);
	put(dir, "loop", "config:\n  prerequisites: [loop]\nl:\n" FROM);
	put(dir, "missing", "config:\n  prerequisites:\n  - none\n");
	put(dir, "twice", "config: {prerequisites: [c]}\nz:\n" FROM);
	check_files(dir, "a", "c b a ");
	check_files(dir, "loop", "loop:2:19: it needs ");
	check_files(dir, "missing", "missing:3:5: cannot read ");
	check_files(dir, "twice", "c twice twice:2:1: there is another image 'z' in ");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *path = NULL;

		CHECK(asprintf(&path, "%s/%s", dir, names[i]) > 0 && unlink(path) == 0, "away");
	}
	CHECK(rmdir(dir) == 0, "the directory, too");
}

int main(void)
{
	check_yaml_faults();
	check_key_faults();
	check_value_faults();
	check_texts();
	check_imports();
	check_host();
	check_aliases();
	check_limits();
	check_substitutions();
	check_bad_substitutions();
	check_orders();
	check_prerequisites();
	return test_done();
}
