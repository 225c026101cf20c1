use super::*;

const UNIT: &str = r#"["Unit",{}]"#;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn library(definition: &str) -> String {
    format!(
        r#"{{"formatVersion":3,"distribution":["Library",[["shop"]],[],{{"modules":[[[["m"]],{{"access":"Public","value":{{
           "types":[],"values":[[["v"],{{"access":"Public","value":{{"doc":"","value":{definition}}}}}]],"doc":null}}}}]]}}]}}"#
    )
}

fn function(arguments: &[&str], body: &str) -> String {
    let inputs: Vec<_> = arguments.iter().map(|name| format!(r#"[["{name}"],{{}},{UNIT}]"#)).collect();
    format!(r#"{{"inputTypes":[{}],"outputType":{UNIT},"body":{body}}}"#, inputs.join(","))
}

fn variable(name: &str) -> String {
    format!(r#"["Variable",{{}},["{name}"]]"#)
}

fn named(name: &str) -> String {
    format!(r#"["AsPattern",{{}},["WildcardPattern",{{}}],["{name}"]]"#)
}

fn lambda(pattern: &str, body: &str) -> String {
    format!(r#"["Lambda",{{}},{pattern},{body}]"#)
}

fn tuple(parts: &[String]) -> String {
    format!(r#"["Tuple",{{}},[{}]]"#, parts.join(","))
}

fn matching(cases: &[(&str, &str)]) -> String {
    let cases: Vec<_> = cases.iter().map(|(pattern, body)| format!("[{pattern},{body}]")).collect();
    format!(r#"["PatternMatch",{{}},{UNIT},[{}]]"#, cases.join(","))
}

fn faults_of(definition: &str) -> Vec<String> {
    let found = lint(raw(&library(definition)), &Rules::default()).unwrap_or_else(|error| panic!("{error}"));
    found.into_iter().map(|diagnostic| diagnostic.message).collect()
}

fn faults(body: &str) -> Vec<String> {
    faults_of(&function(&[], body))
}

const NONE: [&str; 0] = [];

#[test]
fn arguments_are_used_or_not() {
    assert_eq!(faults_of(&function(&["a", "b"], &variable("b"))), ["M.v does not use its argument a"]);
    assert_eq!(faults_of(&function(&["a"], &format!(r#"["Field",{{}},{},["b"]]"#, variable("a")))), NONE);
    let all = ["a", "b", "c"];
    assert_eq!(faults_of(&function(&all, &tuple(&all.map(variable)))), NONE);
    assert_eq!(faults_of(&function(&all, UNIT)).len(), 3);
}

#[test]
fn every_part_of_every_value_is_looked_at() {
    let a = variable("a");
    let pattern = r#"["WildcardPattern",{}]"#;
    for body in [
        tuple(&[UNIT.to_owned(), a.clone()]),
        format!(r#"["List",{{}},[{a}]]"#),
        format!(r#"["Record",{{}},[[["x"],{a}]]]"#),
        format!(r#"["Apply",{{}},{a},{UNIT}]"#),
        format!(r#"["Apply",{{}},{UNIT},{a}]"#),
        lambda(pattern, &a),
        format!(r#"["LetDefinition",{{}},["x"],{},{}]"#, function(&[], &a), variable("x")),
        format!(r#"["LetDefinition",{{}},["x"],{},{}]"#, function(&[], UNIT), tuple(&[variable("x"), a.clone()])),
        format!(r#"["LetRecursion",{{}},[[["x"],{}]],{}]"#, function(&[], &a), variable("x")),
        format!(r#"["LetRecursion",{{}},[],{a}]"#),
        format!(r#"["Destructure",{{}},{pattern},{a},{UNIT}]"#),
        format!(r#"["Destructure",{{}},{pattern},{UNIT},{a}]"#),
        format!(r#"["IfThenElse",{{}},{a},{UNIT},{UNIT}]"#),
        format!(r#"["IfThenElse",{{}},{UNIT},{a},{UNIT}]"#),
        format!(r#"["IfThenElse",{{}},{UNIT},{UNIT},{a}]"#),
        format!(r#"["PatternMatch",{{}},{a},[]]"#),
        matching(&[(pattern, &a)]),
        format!(r#"["UpdateRecord",{{}},{a},[]]"#),
        format!(r#"["UpdateRecord",{{}},{UNIT},[[["x"],{a}]]]"#),
    ] {
        assert_eq!(faults_of(&function(&["a"], &body)), NONE, "{body}");
    }
    for body in [UNIT.to_owned(), r#"["FieldFunction",{},["a"]]"#.to_owned(), format!(r#"["Field",{{}},{UNIT},["a"]]"#)]
    {
        assert_eq!(faults_of(&function(&["a"], &body)), ["M.v does not use its argument a"], "{body}");
    }
}

#[test]
fn a_name_is_in_scope_only_where_it_is() {
    // In what a let defines, its name is another's; so is a pattern's in what is taken apart.
    let outer = |inner: &str| faults_of(&function(&["a"], inner));
    let shadowed = "M.v has two meanings for a, one within the other";
    let definition = format!(r#"["LetDefinition",{{}},["a"],{},{UNIT}]"#, function(&[], &variable("a")));
    assert_eq!(outer(&definition), [shadowed, "M.v does not use what it defines as a"]);
    let destructure = format!(r#"["Destructure",{{}},{},{},{UNIT}]"#, named("a"), variable("a"));
    assert_eq!(outer(&destructure), [shadowed, "M.v does not use what a pattern calls a"]);
    assert_eq!(
        faults(&tuple(&[lambda(&named("a"), UNIT), variable("a"), lambda(&named("a"), &variable("a"))])),
        ["M.v does not use what a pattern calls a"]
    );
    // The inner one is used, the outer one is not.
    assert_eq!(outer(&lambda(&named("a"), &variable("a"))), [shadowed, "M.v does not use its argument a"]);
}

#[test]
fn a_function_that_only_calls_itself_is_not_used() {
    let recursion = |definitions: &[(&str, &str)], body: &str| {
        let definitions: Vec<_> =
            definitions.iter().map(|(name, body)| format!(r#"[["{name}"],{}]"#, function(&[], body))).collect();
        faults(&format!(r#"["LetRecursion",{{}},[{}],{body}]"#, definitions.join(",")))
    };
    let (f, g) = (variable("f"), variable("g"));
    assert_eq!(recursion(&[("f", &f)], UNIT), ["M.v does not use what it defines as f"]);
    assert_eq!(recursion(&[("f", &f)], &f), NONE);
    assert_eq!(recursion(&[("f", &g), ("g", &f)], &f), NONE);
    assert_eq!(recursion(&[("f", UNIT), ("g", &f)], UNIT), ["M.v does not use what it defines as g"]);
}

#[test]
fn arguments_of_local_functions_count_as_well() {
    let local = format!(r#"["LetDefinition",{{}},["f"],{},{}]"#, function(&["x"], UNIT), variable("f"));
    assert_eq!(faults(&local), ["M.v does not use its argument x"]);
}

#[test]
fn patterns_are_looked_at_in_depth() {
    let pattern = format!(
        r#"["ConstructorPattern",{{}},[[],[],["c"]],[["TuplePattern",{{}},[{},["LiteralPattern",{{}},["CharLiteral","x"]]]],
           ["HeadTailPattern",{{}},{},["AsPattern",{{}},["EmptyListPattern",{{}}],["d"]]],["UnitPattern",{{}}]]]"#,
        named("a"),
        named("b")
    );
    let unused = |name| format!("M.v does not use what a pattern calls {name}");
    assert_eq!(faults(&lambda(&pattern, UNIT)), ["a", "b", "d"].map(unused));
    assert_eq!(faults(&lambda(&pattern, &tuple(&["a", "b", "d"].map(variable)))), NONE);
    let twice = format!(r#"["TuplePattern",{{}},[{},{}]]"#, named("a"), named("a"));
    assert_eq!(faults(&lambda(&twice, &variable("a")))[0], "M.v has two meanings for a, one within the other");
}

#[test]
fn a_branch_behind_one_that_takes_everything_is_unreachable() {
    let literal = r#"["LiteralPattern",{},["CharLiteral","x"]]"#;
    let wildcard = r#"["WildcardPattern",{}]"#;
    let unreachable =
        |branch, by| format!("M.v never comes to branch {branch} of a match, because branch {by} takes everything");
    assert_eq!(faults(&matching(&[(literal, UNIT), (wildcard, UNIT)])), NONE);
    assert_eq!(
        faults(&matching(&[(literal, UNIT), (wildcard, UNIT), (literal, UNIT), (wildcard, UNIT)])),
        [unreachable(3, 2), unreachable(4, 2)]
    );
    let pair = |part: &str| format!(r#"["TuplePattern",{{}},[{wildcard},{part}]]"#);
    assert_eq!(faults(&matching(&[(&pair(wildcard), UNIT), (literal, UNIT)])), [unreachable(2, 1)]);
    assert_eq!(faults(&matching(&[(&pair(literal), UNIT), (wildcard, UNIT)])), NONE);
    assert_eq!(faults(&matching(&[(&named("a"), &variable("a")), (literal, UNIT)])), [unreachable(2, 1)]);
    let constructor = r#"["ConstructorPattern",{},[[],[],["c"]],[]]"#;
    assert_eq!(faults(&matching(&[(constructor, UNIT), (literal, UNIT)])), NONE);
}

#[test]
fn a_condition_that_is_a_literal_is_constant() {
    let condition = |value: &str| faults(&format!(r#"["IfThenElse",{{}},{value},{UNIT},{UNIT}]"#));
    assert_eq!(condition(r#"["Literal",{},["BoolLiteral",true]]"#), ["M.v has a condition that is always the same"]);
    assert_eq!(condition(&variable("a")), NONE);
}

#[test]
fn names_are_the_same_however_they_are_written() {
    let spaced = function(&["a"], r#"["Variable",{},[ "\u0061" ]]"#);
    assert_eq!(faults_of(&spaced), NONE);
}

#[test]
fn rules_have_levels() {
    let ir = library(&function(&["a"], &lambda(&named("b"), UNIT)));
    let found = |rules: &str| {
        let found = lint(raw(&ir), &serde_json::from_str(rules).unwrap()).unwrap();
        found.iter().map(|diagnostic| (diagnostic.code, diagnostic.severity)).collect::<Vec<_>>()
    };
    let (argument, pattern) = (Rule::UnusedArgument, Rule::UnusedPatternVariable);
    assert_eq!(found("{}"), [(pattern, Severity::Hint), (argument, Severity::Warning)]);
    assert_eq!(found(r#"{"unused-argument":"error","unused-pattern-variable":"off"}"#), [(argument, Severity::Error)]);
    assert!(serde_json::from_str::<Rules>(r#"{"unused-argument":"fatal"}"#).is_err());
    assert!(serde_json::from_str::<Rules>(r#"{"unused-arguments":"off"}"#).is_err());
}

#[test]
fn what_the_grammar_does_not_know_is_refused() {
    for (body, why) in [
        (r#"["Loop",{}]"#, "unknown value \"Loop\""),
        (r#"["Lambda",{},["RestPattern",{}],["Unit",{}]]"#, "unknown pattern \"RestPattern\""),
        (r#"["Unit"]"#, "Unit is too short"),
        (r#"["LetDefinition",{},["x"],{"inputTypes":[]},["Unit",{}]]"#, "missing field \"body\""),
        (r#"{"Unit":{}}"#, "expected value, a list"),
    ] {
        let error = lint(raw(&library(&function(&[], body))), &Rules::default()).unwrap_err().to_string();
        assert!(error.starts_with("ir does not follow format version 3: "), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn no_depth_ends_the_stack() {
    let deep = |open: &str, close: &str| format!("{}{}{}", open.repeat(100_000), variable("a"), close.repeat(100_000));
    let unit = function(&[], UNIT);
    for body in [
        deep(r#"["Apply",{},"#, r#",["Unit",{}]]"#),
        deep(r#"["Apply",{},["Unit",{}],"#, "]"),
        deep(&format!(r#"["LetDefinition",{{}},["x"],{unit},"#), "]"),
        deep(r#"["LetDefinition",{},["x"],{"inputTypes":[],"body":"#, r#"},["Variable",{},["x"]]]"#),
        deep(r#"["Lambda",{},["WildcardPattern",{}],"#, "]"),
        deep(r#"["PatternMatch",{},["Unit",{}],[[["WildcardPattern",{}],"#, "]]]"),
    ] {
        let messages = faults_of(&function(&["a"], &body));
        assert!(!messages.iter().any(|message| message.contains("its argument")), "{}", &body[..60]);
    }
    let pattern = format!("{}{}{}", r#"["AsPattern",{},"#.repeat(100_000), named("a"), r#",["b"]]"#.repeat(100_000));
    assert_eq!(faults(&lambda(&pattern, &variable("a"))).len(), 2 * 100_000 - 1);
}
