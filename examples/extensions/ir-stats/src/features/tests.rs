use super::*;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).expect("the test's IR is JSON")
}

/// A library with one module, of these types and values.
fn library(types: &str, values: &str) -> String {
    format!(
        r#"{{"formatVersion":3,"distribution":["Library",[["shop"]],[],{{"modules":[[[["m"]],
           {{"access":"Public","value":{{"types":[{types}],"values":[{values}],"doc":null}}}}]]}}]}}"#
    )
}

fn alias(name: &str, tpe: &str) -> String {
    format!(r#"[["{name}"],{{"access":"Public","value":{{"doc":"","value":["TypeAliasDefinition",[],{tpe}]}}}}]"#)
}

fn custom(name: &str, params: &str, argument: &str) -> String {
    format!(
        r#"[["{name}"],{{"access":"Public","value":{{"doc":"","value":["CustomTypeDefinition",[{params}],
           {{"access":"Public","value":[[["c"],[[["arg","1"],{argument}]]]]}}]}}}}]"#
    )
}

fn value(body: &str) -> String {
    format!(
        r#"[["v"],{{"access":"Public","value":{{"doc":"","value":{{"inputTypes":[],"outputType":["Unit",{{}}],"body":{body}}}}}}}]"#
    )
}

fn own(name: &str) -> String {
    format!(r#"["Reference",{{}},[[["shop"]],[["m"]],["{name}"]],[]]"#)
}

fn sdk(module: &str, name: &str, arguments: &str) -> String {
    format!(r#"["Reference",{{}},[[["morphir"],["s","d","k"]],[["{module}"]],["{name}"]],[{arguments}]]"#)
}

const UNIT: &str = r#"["Unit",{}]"#;
const SDK: &str = r#"["morphir"],["s","d","k"]"#;

fn counted(ir: &str) -> Vec<(String, u64)> {
    features(raw(ir)).unwrap_or_else(|error| panic!("{error}")).into_iter().collect()
}

fn counts(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(feature, count)| ((*feature).to_owned(), *count)).collect()
}

fn error(ir: &str) -> String {
    features(raw(ir)).unwrap_err().to_string()
}

#[test]
fn nothing_has_no_features() {
    assert_eq!(counted(&library("", "")), []);
}

#[test]
fn a_reference_counts_with_all_that_it_stands_for() {
    let types = [alias("a", &own("b")), alias("b", &own("c")), alias("c", &sdk("maybe", "maybe", UNIT))].join(",");
    // a: b, c, Maybe; b: c, Maybe; c: Maybe. Each Maybe has its argument and the variable of its constructor.
    assert_eq!(
        counted(&library(&types, "")),
        counts(&[
            ("Morphir.SDK:Maybe:maybe", 3),
            ("Type.Reference", 6),
            ("Type.TypeAlias", 3),
            ("Type.Unit", 3),
            ("Type.Variable", 3)
        ])
    );
}

#[test]
fn a_definition_with_params_counts_as_a_variable() {
    assert_eq!(
        counted(&library(&custom("box", r#"["a"]"#, r#"["Variable",{},["a"]]"#), "")),
        counts(&[("Type.Variable", 2)])
    );
    assert_eq!(counted(&library(&custom("box", "", UNIT), "")), counts(&[("Type.CustomType", 1), ("Type.Unit", 1)]));
}

#[test]
fn what_refers_to_itself_is_followed_once() {
    // On these morphir-elm's stack overflows.
    let itself = custom("tree", "", &own("tree"));
    assert_eq!(counted(&library(&itself, "")), counts(&[("Type.CustomType", 1), ("Type.Reference", 2)]));
    let circle = [custom("a", "", &own("b")), custom("b", "", &own("c")), custom("c", "", &own("a"))].join(",");
    assert_eq!(counted(&library(&circle, "")), counts(&[("Type.CustomType", 3), ("Type.Reference", 6)]));
    let into_it = format!("{circle},{}", alias("d", &own("a")));
    assert_eq!(
        counted(&library(&into_it, "")),
        counts(&[("Type.CustomType", 3), ("Type.Reference", 8), ("Type.TypeAlias", 1)])
    );
}

#[test]
fn dependencies_are_followed_and_the_sdk_is_the_one_that_is_known() {
    let reference = r#"["Reference",{},[[["money"]],[["m"]],["cents"]],[]]"#;
    let with = |package: &str, kind: &str| {
        library(&alias("a", reference), "").replace(
            r#"[["shop"]],[],"#,
            &format!(
                r#"[["shop"]],[[[{package}],{{"modules":[[[["m"]],{{"types":[[["cents"],{{"doc":"","value":{kind}}}]],"values":[]}}]]}}]],"#
            ),
        )
    };
    let plain = counts(&[("Type.Reference", 1), ("Type.TypeAlias", 1)]);
    assert_eq!(counted(&library(&alias("a", reference), "")), plain);
    assert_eq!(counted(&with(r#"["money"]"#, r#"["OpaqueTypeSpecification",[]]"#)), plain);
    let mut followed = plain.clone();
    followed.push(("Type.Unit".to_owned(), 1));
    for kind in [
        r#"["TypeAliasSpecification",[],["Unit",{}]]"#,
        r#"["CustomTypeSpecification",[],[[["c"],[[["x"],["Unit",{}]]]]]]"#,
        r#"["DerivedTypeSpecification",[],{"baseType":["Unit",{}],"fromBaseType":[],"toBaseType":[]}]"#,
    ] {
        assert_eq!(counted(&with(r#"["money"]"#, kind)), followed, "{kind}");
    }
    // The SDK's own int is opaque, whatever an IR says of it.
    let own_int = with(SDK, r#"["TypeAliasSpecification",[],["Unit",{}]]"#)
        .replace(r#"[["money"]],[["m"]],["cents"]"#, &format!(r#"[{SDK}],[["basics"]],["int"]"#))
        .replace(r#"{"modules":[[[["m"]],{"types":[[["cents"]"#, r#"{"modules":[[[["basics"]],{"types":[[["int"]"#);
    assert!(own_int.contains(r#"{"modules":[[[["basics"]]"#));
    let mut opaque = counts(&[("Morphir.SDK:Basics:int", 1)]);
    opaque.extend(plain);
    assert_eq!(counted(&own_int), opaque);
}

#[test]
fn values_are_looked_at_as_far_as_morphir_elm_does() {
    let apply = |function: &str, argument: &str| format!(r#"["Apply",{{}},{function},{argument}]"#);
    let variable = r#"["Variable",{},["x"]]"#;
    let add = r#"["Reference",{},[[["morphir"],["s","d","k"]],[["basics"]],["add"]]]"#;
    for (body, expected) in [
        (
            apply(&apply(add, variable), UNIT),
            &[
                ("Morphir.SDK:Basics:add", 1),
                ("Value.Apply", 1),
                ("Value.Reference", 1),
                ("Value.Unit", 1),
                ("Value.Variable", 1),
            ][..],
        ),
        (
            format!(r#"["Lambda",{{}},["AsPattern",{{}},["WildcardPattern",{{}}],["x"]],{variable}]"#),
            &[("Value.Lambda", 1)],
        ),
        (
            format!(r#"["Lambda",{{}},["AsPattern",{{}},["UnitPattern",{{}}],["x"]],{variable}]"#),
            &[("AsPattern", 1), ("UnitPattern", 1), ("Value.Lambda", 1)],
        ),
        (
            format!(r#"["PatternMatch",{{}},{variable},[[["LiteralPattern",{{}},["CharLiteral","a"]],{variable}]]]"#),
            &[("CharLiteral", 1), ("LiteralPattern", 1), ("Value.PatternMatch", 1)],
        ),
        (
            format!(r#"["UpdateRecord",{{}},{variable},[[["a"],["Literal",{{}},["DecimalLiteral","1.5"]]]]]"#),
            &[("DecimalLiteral", 1), ("Value.Literal", 1), ("Value.UpdateRecord", 1)],
        ),
        (
            format!(
                r#"["LetRecursion",{{}},[[["f"],{{"inputTypes":[[["x"],{{}},["Tuple",{{}},[]]]],"outputType":["Function",{{}},{UNIT},{UNIT}],
                   "body":{variable}}}]],["FieldFunction",{{}},["a"]]]"#
            ),
            &[
                ("Type.Function", 1),
                ("Type.Tuple", 1),
                ("Type.Unit", 2),
                ("Value.FieldFunction", 1),
                ("Value.LetRecursion", 1),
                ("Value.Variable", 1),
            ],
        ),
        (
            format!(
                r#"["Destructure",{{}},["TuplePattern",{{}},[["EmptyListPattern",{{}}]]],{variable},["List",{{}},[]]]"#
            ),
            &[
                ("EmptyListPattern", 1),
                ("TuplePattern", 1),
                ("Value.Destructure", 1),
                ("Value.List", 1),
                ("Value.Variable", 1),
            ],
        ),
    ] {
        let mut expected = counts(expected);
        // The value's own type.
        match expected.iter_mut().find(|(feature, _)| feature == "Type.Unit") {
            Some((_, count)) => *count += 1,
            None => expected.push(("Type.Unit".to_owned(), 1)),
        }
        expected.sort();
        assert_eq!(counted(&library("", &value(&body))), expected, "{body}");
    }
}

#[test]
fn what_is_no_ir_is_named() {
    for (ir, why) in [
        ("null", "ir is not a Morphir IR: expected an object with \"formatVersion\" at line 1 column 1"),
        (r#"{"formatVersion":3}"#, "ir is not a Morphir IR: missing field \"distribution\""),
        (r#"{"formatVersion":2,"distribution":[]}"#, "ir has format version 2; 3 is known"),
        (r#"{"formatVersion":"4.0.0","distribution":{}}"#, "ir has format version 4, a draft"),
        (r#"{"formatVersion":3,"distribution":{}}"#, "expected distribution, a list at line 1 column 35"),
        (r#"{"formatVersion":3,"distribution":["Bundle",[]]}"#, "unknown distribution \"Bundle\""),
        (r#"{"formatVersion":3,"distribution":["Library",[["shop"]]]}"#, "Library is too short"),
        (r#"{"formatVersion":3,"distribution":["Library",[["shop"]],[],{}]}"#, "missing field \"modules\""),
    ] {
        let error = error(ir);
        assert!(error.contains(why), "{ir}: {error}");
    }
    for (types, values, why) in [
        (alias("a", r#"["Any",{}]"#), String::new(), "unknown type \"Any\""),
        (alias("a", r#"["Unit"]"#).replace("Alias", "Synonym"), String::new(), "unknown type definition"),
        (alias("a", r#"["Reference",{},[["shop"],["m"],["b"]],[]]"#), String::new(), "expected a path"),
        (String::new(), value(r#"["Loop",{}]"#), "unknown value \"Loop\""),
        (String::new(), value(r#"["Apply",{},["Unit",{}]]"#), "Apply is too short"),
        (String::new(), value(r#"["Literal",{},["BigLiteral",1]]"#), "unknown literal \"BigLiteral\""),
        (String::new(), value(r#"["Lambda",{},["RestPattern",{}],["Unit",{}]]"#), "unknown pattern \"RestPattern\""),
    ] {
        let error = error(&library(&types, &values));
        assert!(error.starts_with("ir does not follow format version 3: "), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn no_depth_ends_the_stack() {
    let nested = |open: &str, close: &str| format!("{}{UNIT}{}", open.repeat(100_000), close.repeat(100_000));
    let tuple = nested(r#"["Tuple",{},["#, "]]");
    assert!(counted(&library(&alias("a", &tuple), "")).contains(&("Type.Tuple".to_owned(), 100_000)));
    assert!(counted(&library("", &value(&tuple))).contains(&("Value.Tuple".to_owned(), 100_000)));
    let apply = nested(r#"["Apply",{},"#, &format!(",{UNIT}]"));
    assert!(counted(&library("", &value(&apply))).contains(&("Value.Apply".to_owned(), 1)));
    let pattern = nested(r#"["AsPattern",{},"#, r#",["x"]]"#).replace(r#"["Unit""#, r#"["UnitPattern""#);
    let lambda = format!(r#"["Lambda",{{}},{pattern},{UNIT}]"#);
    assert!(counted(&library("", &value(&lambda))).contains(&("AsPattern".to_owned(), 100_000)));
}

#[test]
fn a_long_chain_of_types_does_not_end_the_stack() {
    let chain: Vec<_> =
        (0..20_000).map(|index| alias(&format!("t{index}"), &own(&format!("t{}", index + 1)))).collect();
    let expected = counts(&[("Type.Reference", 20_000 * 20_001 / 2), ("Type.TypeAlias", 20_000)]);
    assert_eq!(counted(&library(&chain.join(","), "")), expected);
}

#[test]
fn what_is_too_many_to_write_is_refused() {
    let pair = |name: &str| format!(r#"["Tuple",{{}},[{},{}]]"#, own(name), own(name));
    let doubling: Vec<_> =
        (0..80).map(|index| alias(&format!("t{index}"), &pair(&format!("t{}", index + 1)))).collect();
    let error = error(&library(&doubling.join(","), ""));
    assert!(error.starts_with("Type.Reference occurs more than 9007199254740991 times"), "{error}");
}
