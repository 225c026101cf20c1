use super::*;

/// Every place a package can be named in, marked `"PACKAGE"` (and `"INFERRED"` where a type can be attached), among what
/// looks like package `Shop.Front` and is not: module paths, type variables, documentation, strings, attributes.
const EVERY_PLACE: &str = include_str!("every-place.json");
const INFERRED: &str = r#"["Reference",{},["PACKAGE",[["m"]],["t"]],[]]"#;
const SHOP_FRONT: &str = r#"[["shop"],["front"]]"#;

fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

fn every_place(path: &str) -> String {
    EVERY_PLACE.replace(r#""INFERRED""#, INFERRED).replace(r#""PACKAGE""#, path)
}

fn value(body: &str) -> String {
    format!(
        r#"{{"formatVersion":3,"distribution":["Library",[["shop"]],[],{{"modules":[[[["m"]],{{"access":"Public","value":{{
           "types":[],"values":[[["v"],{{"access":"Public","value":{{"doc":"","value":{{"inputTypes":[],
           "outputType":["Unit",{{}}],"body":{body}}}}}}}]]}}}}]]}}]}}"#
    )
}

fn renamed(ir: &str, from: Option<&str>, to: &str) -> (String, usize) {
    match rename(ir, from.map(name).as_ref(), &name(to)).unwrap() {
        Outcome::Renamed { ir, references, .. } => (ir, references),
        Outcome::Unchanged { why } => panic!("{why}"),
    }
}

fn unchanged(ir: &str, from: Option<&str>, to: &str) -> String {
    match rename(ir, from.map(name).as_ref(), &name(to)).unwrap() {
        Outcome::Renamed { ir, .. } => panic!("renamed to {ir}"),
        Outcome::Unchanged { why } => why,
    }
}

fn error(ir: &str) -> String {
    rename(ir, None, &name("Store")).unwrap_err().to_string()
}

#[test]
fn every_reference_changes_and_no_look_alike() {
    let (ir, references) = renamed(&every_place(SHOP_FRONT), None, "Acme.StoreUS");
    assert_eq!(ir, every_place(r#"[["acme"],["store","u","s"]]"#));
    let marks = |mark| EVERY_PLACE.matches(mark).count();
    assert_eq!(references, marks(r#"["PACKAGE""#) + marks(r#""INFERRED""#));
}

#[test]
fn renaming_back_restores_every_byte() {
    let before = every_place(SHOP_FRONT);
    let (there, _) = renamed(&before, None, "Store");
    assert_eq!(renamed(&there, None, "Shop.Front").0, before);
}

#[test]
fn white_space_in_a_path_does_not_hide_it() {
    let (ir, _) = renamed(&every_place("[ [\"shop\"],\n [\"front\"] ]"), None, "Store");
    assert_eq!(ir, every_place(r#"[["store"]]"#));
}

#[test]
fn a_dependency_can_be_renamed() {
    let (ir, references) = renamed(&every_place(SHOP_FRONT), Some("Money"), "Cash");
    assert_eq!(ir, every_place(SHOP_FRONT).replace(r#"[["money"]]"#, r#"[["cash"]]"#));
    assert_eq!(references, 1);
}

#[test]
fn where_nothing_changes_it_says_why() {
    let ir = every_place(SHOP_FRONT);
    assert_eq!(unchanged(&ir, None, "Shop.Front"), "package Shop.Front already has this name");
    assert_eq!(unchanged(&ir, Some("Shop"), "Store"), "the model does not name package Shop");
    assert!(unchanged(r#"{"formatVersion":4,"distribution":{}}"#, None, "Store").contains("version 4 is a draft"));
}

#[test]
fn two_packages_are_never_merged() {
    let error = rename(&every_place(SHOP_FRONT), None, &name("Money")).unwrap_err();
    assert_eq!(error.to_string(), "the model already names package Money: renaming would merge two packages");
}

#[test]
fn the_format_version_is_a_number_or_a_text() {
    let ir = value(r#"["Unit",{}]"#);
    assert!(renamed(&ir.replace(":3,", r#":"3.0.0","#), None, "Store").0.contains("store"));
    for version in ["2", "\"five\"", "null"] {
        let error = error(&ir.replace(":3,", &format!(":{version},")));
        assert_eq!(error, format!("ir has format version {version}; 3 and 4 are known"));
    }
}

#[test]
fn what_is_no_ir_is_named() {
    for (ir, why) in [
        ("", "ir is not a Morphir IR: EOF"),
        ("null", "ir is not a Morphir IR: invalid type: null"),
        (r#"{"distribution":[]}"#, "missing field `formatVersion`"),
        (r#"{"formatVersion":3}"#, "missing field `distribution`"),
        (r#"{"formatVersion":3,"distribution":{}}"#, "invalid type: map, expected a distribution"),
        (r#"{"formatVersion":3,"distribution":["Library"]}"#, "Library is too short"),
        (r#"{"formatVersion":3,"distribution":["Bundle",[]]}"#, "unknown distribution \"Bundle\""),
        (r#"{"formatVersion":3,"distribution":["Library",["shop"],[],{"modules":[]}]}"#, "is not an IR path"),
        (r#"{"formatVersion":3,"distribution":["Library",[["shop"]],[],{}]}"#, "missing field \"modules\""),
    ] {
        let error = error(ir);
        assert!(error.contains(why), "{ir}: {error}");
    }
}

#[test]
fn what_the_grammar_does_not_know_is_refused() {
    for (body, why) in [
        (r#"["Loop",{}]"#, "unknown value \"Loop\""),
        (r#"["Unit"]"#, "Unit is too short"),
        (r#"["Unit",{},[]]"#, "Unit is too long"),
        (r#"["Unit",["Any"]]"#, "unknown type \"Any\""),
        (r#"[]"#, "a value is empty"),
        (r#""Unit""#, "invalid type: string \"Unit\", expected a value"),
        (
            r#"["LetDefinition",{},["x"],{"inputTypes":[],"body":["Unit",{}]},["Unit",{}]]"#,
            "missing field \"outputType\"",
        ),
        (r#"["LetDefinition",{},["x"],{"input":[]},["Unit",{}]]"#, "unknown field \"input\""),
    ] {
        let error = error(&value(body));
        assert!(error.starts_with("ir.distribution does not follow format version 3: "), "{error}");
        assert!(error.contains(why), "{body}: {error}");
    }
}

#[test]
fn depth_has_a_limit_that_is_named() {
    let nested = |depth| {
        value(&format!(r#"{}["Unit",{{}}]{}"#, r#"["Apply",{},"#.repeat(depth), r#",["Unit",{}]]"#.repeat(depth)))
    };
    renamed(&nested(450), None, "Store");
    assert!(error(&nested(550)).contains("nested deeper than 500 levels"));
    // What is passed through or skipped is not walked, so its depth does not matter.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    unchanged(&format!(r#"{{"formatVersion":4,"distribution":{deep}}}"#), None, "Store");
    renamed(&value(&format!(r#"["Variable",{{"a":{deep}}},["x"]]"#)), None, "Store");
}
