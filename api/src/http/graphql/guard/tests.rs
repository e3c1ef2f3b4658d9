//! Tests of the guard of documents.

use std::fmt::Write;

use async_graphql::value;

use super::*;

fn limits() -> DocumentLimits {
    DocumentLimits {
        tokens: 10_000,
        nesting: 60,
        depth: 20,
        fields: 5_000,
        complexity: 100_000,
        costs: &[("count", 20)],
        aliases: 200,
        directives: 100,
        root_fields: 30,
        operations: 20,
        fragments: 100,
        variables: 100,
        introspection: true,
    }
}

fn judge_with(query: &str, variables: async_graphql::Value, limits: &DocumentLimits) -> Result<OperationType, Fault> {
    let variables = Variables::from_value(variables);
    check(&parse(query, limits)?, &variables, None, limits)
}

fn judge(query: &str, limits: &DocumentLimits) -> Result<OperationType, Fault> {
    judge_with(query, async_graphql::Value::Object(Default::default()), limits)
}

fn refused(query: &str) -> String {
    judge(query, &limits()).unwrap_err().code()
}

/// At the limit is allowed, one above is refused with the code and the limit.
fn edge(code: &str, limit: usize, limits: &DocumentLimits, document: impl Fn(usize) -> String) {
    assert!(judge(&document(limit), limits).is_ok(), "{code} at {limit}: {:?}", judge(&document(limit), limits).err());
    let fault = judge(&document(limit + 1), limits).unwrap_err();
    assert_eq!(fault.code(), code);
    assert_eq!(fault.error.extensions.unwrap().get("limit"), Some(&value!(limit)), "{code}");
}

fn nested(depth: usize) -> String {
    format!("{}a{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth))
}

#[test]
fn every_limit_has_its_edge() {
    let all = limits();
    edge("LIMIT_DEPTH", 20, &all, nested);
    edge("LIMIT_ALIASES", 29, &DocumentLimits { aliases: 29, ..limits() }, |n| format!("{{{}}}", aliases(n)));
    edge("LIMIT_ROOT_FIELDS", 30, &all, |n| format!("{{{}}}", "a ".repeat(n)));
    edge("LIMIT_FIELDS", 5_000, &all, |n| format!("{{a{{{}}}}}", "b ".repeat(n - 1)));
    edge("LIMIT_DIRECTIVES", 100, &all, |n| format!("{{a {}}}", "@x ".repeat(n)));
    edge("LIMIT_VARIABLES", 100, &all, |n| {
        format!(
            "query({}){{a}}",
            (0..n).fold(String::new(), |mut text, index| {
                let _ = write!(text, "$v{index}:Int ");
                text
            })
        )
    });
    edge("LIMIT_FRAGMENTS", 100, &all, |n| (0..n).map(|index| format!("fragment F{index} on T{{a}} ")).collect::<String>() + "{a}");
    let only_five = DocumentLimits { operations: 5, ..limits() };
    let operations = |n: usize| (0..n).map(|index| format!("query Q{index}{{a}} ")).collect::<String>();
    assert_eq!(judge(&operations(5), &only_five).unwrap_err().code(), code::VALIDATION_FAILED, "it must be said which");
    assert_eq!(judge(&operations(6), &only_five).unwrap_err().code(), "LIMIT_OPERATIONS");
    edge("LIMIT_TOKENS", 50, &DocumentLimits { tokens: 50, root_fields: 100, ..limits() }, |n| format!("{{{}}}", "a ".repeat(n - 2)));
    edge("LIMIT_NESTING", 60, &all, |n| format!("{{a(x:{}1{})}}", "[".repeat(n - 2), "]".repeat(n - 2)));
    edge("LIMIT_COMPLEXITY", 1_001, &DocumentLimits { complexity: 1_001, ..limits() }, |n| format!("{{a(first:{}){{b}}}}", n - 1));
}

fn aliases(n: usize) -> String {
    (0..n).map(|index| format!("a{index}:a ")).collect()
}

#[test]
fn pages_inside_pages_multiply() {
    let strict = DocumentLimits { complexity: 500, ..limits() };
    let query = "query($n:Int=100){a(first:$n){b(last:10){c}}}";
    assert_eq!(judge(query, &strict).unwrap_err().code(), "LIMIT_COMPLEXITY", "the default counts");
    assert!(judge_with(query, value!({"n": 10}), &strict).is_ok(), "a given value counts instead");
    assert_eq!(judge_with(query, value!({"n": u64::MAX}), &strict).unwrap_err().code(), "LIMIT_COMPLEXITY");
    assert!(judge("{a(first:-5){b}}", &strict).is_ok(), "the resolver refuses it, it is not large");
}

#[test]
fn a_fragment_bomb_costs_linear_time() {
    // 30 levels with ten spreads each: 10^30 fields when written out.
    let mut bomb = String::from("{...F0} ");
    for index in 0..29 {
        let _ = write!(bomb, "fragment F{index} on T{{{}}} ", format!("...F{} ", index + 1).repeat(10));
    }
    bomb.push_str("fragment F29 on T{a}");
    assert_eq!(refused(&bomb), "LIMIT_FIELDS");
    // The same in fragments that nothing uses, and hidden behind a second operation.
    assert_eq!(refused(&bomb.replacen("{...F0}", "{a}", 1)), "LIMIT_FIELDS");
    assert_eq!(refused(&bomb.replacen("{...F0}", "query A{a} query B{...F0}", 1)), "LIMIT_FIELDS");
}

#[test]
fn an_alias_bomb_in_fragments_is_seen() {
    let bomb = format!("{{...A}} fragment A on T{{{}}} fragment B on T{{{}}}", "...B ".repeat(5), aliases(50));
    assert_eq!(refused(&bomb), "LIMIT_ALIASES");
}

#[test]
fn long_chains_of_fragments_end() {
    let chain: String = (0..60).map(|index| format!("fragment F{index} on T{{...F{}}} ", index + 1)).collect();
    assert_eq!(refused(&format!("{{...F0}} {chain} fragment F60 on T{{a}}")), "LIMIT_DEPTH");
}

#[test]
fn fragments_that_contain_themselves() {
    for cycle in ["{...A} fragment A on T{...A}", "{...A} fragment A on T{b{...B}} fragment B on T{...A}", "{a} fragment A on T{...A}"] {
        assert_eq!(refused(cycle), code::VALIDATION_FAILED, "{cycle}");
    }
}

#[test]
fn nesting_is_seen_before_the_parser_recurses() {
    assert_eq!(refused(&"{a".repeat(3_000)), "LIMIT_NESTING");
    assert_eq!(refused(&format!("query($a:{}){{a}}", "[".repeat(3_000))), "LIMIT_NESTING");
    // Brackets in strings and comments are not nesting.
    let brackets = "[{(".repeat(100);
    assert!(
        judge(&format!("{{a(x:\"{brackets}\\\"{brackets}\") b(y:\"\"\"{brackets}\\\"\"\"{brackets}\"\"\") #{brackets}\n}}"), &limits())
            .is_ok()
    );
    // But an unclosed string does not hide them.
    assert_eq!(refused(&format!("{{a(x:\"\n{brackets}")), "LIMIT_NESTING");
}

#[test]
fn introspection_is_switchable_and_cannot_explode() {
    let closed = DocumentLimits { introspection: false, ..limits() };
    for query in ["{__schema{types{name}}}", "{x:__type(name:\"T\"){name}}", "{...F} fragment F on Query{__schema{types{name}}}"] {
        assert!(judge(query, &limits()).is_ok());
        assert_eq!(judge(query, &closed).unwrap_err().code(), "INTROSPECTION_DISABLED");
    }
    assert!(judge("{a{__typename}}", &closed).is_ok());
    let exploding = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}";
    assert_eq!(refused(exploding), "LIMIT_DEPTH");
    assert!(judge("{a:__schema{types{name}} b:__type(name:\"T\"){name}}", &limits()).is_ok());
    let often = "{a:__schema{types{name}} ...F ...F} fragment F on Query{b:__schema{types{name}}}";
    assert_eq!(refused(often), "LIMIT_INTROSPECTIONS");
    // What tools ask: deeper than data may be.
    let of_type = "ofType{".repeat(9) + "name" + &"}".repeat(9);
    let tool = format!(
        "{{__schema{{types{{...T}}}}}} fragment T on __Type{{fields{{args{{...I}}}} inputFields{{...I}}}} fragment I on __InputValue{{type{{...R}}}} fragment R on __Type{{kind {of_type}}}"
    );
    let shallow = DocumentLimits { depth: 5, ..limits() };
    assert!(judge(&tool, &shallow).is_ok(), "{:?}", judge(&tool, &shallow).err());
}

#[test]
fn syntax_errors_have_a_code_and_a_place() {
    let fault = judge("{a", &limits()).unwrap_err();
    assert_eq!(fault.code(), code::PARSE_FAILED);
    assert!(fault.error.message.starts_with("Syntax error: expected"), "{}", fault.error.message);
    assert_eq!(fault.error.locations.len(), 1);
    for text in ["", "query", "{}", "\u{0}", "\"", "\"\"\"", "\\", "...", "😀"] {
        assert_eq!(refused(text), code::PARSE_FAILED, "{text:?}");
    }
}

#[test]
fn the_operation_is_chosen_by_name() {
    let all = limits();
    let document = parse("query A{a} mutation B{b} subscription C{c}", &all).unwrap();
    let choose = |name| check(&document, &Variables::default(), name, &all);
    assert_eq!(choose(Some("A")).unwrap(), OperationType::Query);
    assert_eq!(choose(Some("B")).unwrap(), OperationType::Mutation);
    assert_eq!(choose(Some("C")).unwrap(), OperationType::Subscription);
    assert_eq!(choose(Some("D")).unwrap_err().code(), code::VALIDATION_FAILED);
    assert_eq!(choose(None).unwrap_err().code(), code::VALIDATION_FAILED);
}

#[test]
fn required_variables_need_a_value() {
    let query = "query($a:Int! $b:Int!=2 $c:Int){a(x:$a y:$b z:$c)}";
    for (variables, is_good) in
        [(value!({"a": 1}), true), (value!({}), false), (value!({"a": null}), false), (value!({"a": 1, "b": null}), false)]
    {
        let judged = judge_with(query, variables.clone(), &limits());
        assert_eq!(
            judged.map_err(|fault| fault.code()),
            if is_good { Ok(OperationType::Query) } else { Err(code::VALIDATION_FAILED.to_owned()) },
            "{variables}"
        );
    }
    // Those of an operation that is not executed do not matter.
    let document = parse("query A($a:Int!){a(x:$a)} query B{b}", &limits()).unwrap();
    assert!(check(&document, &Variables::default(), Some("B"), &limits()).is_ok());
}

#[test]
fn ids_pages_and_costly_fields_are_multiplied() {
    let at_most = |complexity| DocumentLimits { complexity, ..limits() };
    // Per page: 2 for the field and the page's own rows; per id: that and the type.
    let query = "query($ids:[ID!]!){nodes(ids:$ids){messages(first:200){id}}}";
    let ids = |count: usize| value!({ "ids": (0..count).map(|number| number.to_string()).collect::<Vec<_>>() });
    assert!(judge_with(query, ids(10), &at_most(2_011)).is_ok());
    assert_eq!(judge_with(query, ids(11), &at_most(2_011)).unwrap_err().code(), "LIMIT_COMPLEXITY");
    let literal = format!("{{nodes(ids:[{}]){{messages(first:200){{id}}}}}}", "\"x\" ".repeat(11));
    assert_eq!(judge(&literal, &at_most(2_011)).unwrap_err().code(), "LIMIT_COMPLEXITY");
    // A list that is no list is the engine's to report; a default counts as if it had been given.
    assert!(judge_with(query, value!({ "ids": "x" }), &at_most(300)).is_ok());
    let default = "query($ids:[ID!]!=[\"a\",\"b\"]){nodes(ids:$ids){id}}";
    assert!(judge(default, &at_most(3)).is_ok());
    assert_eq!(judge(default, &at_most(2)).unwrap_err().code(), "LIMIT_COMPLEXITY");
    assert!(judge("{views(first:10){count}}", &at_most(201)).is_ok());
    assert_eq!(judge("{views(first:10){count}}", &at_most(200)).unwrap_err().code(), "LIMIT_COMPLEXITY");
}

#[test]
fn thirty_times_a_hundred_threads_is_too_much() {
    let ids: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let one = "nodes(ids:$ids){...on Interaction{messages(first:200){nodes{id}}}} ";
    let all: String = (0..30).map(|number| format!("a{number}:{one}")).collect();
    let judged = judge_with(&format!("query($ids:[ID!]!){{{all}}}"), value!({ "ids": ids }), &limits());
    assert_eq!(judged.unwrap_err().code(), "LIMIT_COMPLEXITY");
    assert!(judge_with(&format!("query($ids:[ID!]!){{{one}}}"), value!({ "ids": ["1", "2"] }), &limits()).is_ok());
}
