use super::*;

fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

fn library(modules: &str) -> String {
    format!(
        r#"{{"formatVersion":3,"distribution":["Library",[["tidewater"],["u","s"]],[],{{"modules":[{modules}]}}]}}"#
    )
}

fn module(doc: &str) -> String {
    format!(r#"[[["m"]],{{"access":"Public","value":{{"types":[],"values":[]{doc}}}}}]"#)
}

fn documented(ir: &str) -> Documented {
    document(raw(ir), "To do").unwrap().unwrap()
}

fn error(ir: &str) -> String {
    match document(raw(ir), "To do") {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{ir} is no error"),
    }
}

#[test]
fn modules_without_documentation_get_the_text() {
    for doc in [r#","doc":null"#, r#","doc":"""#, ""] {
        let done = documented(&library(&module(doc)));
        assert_eq!(done.ir.get(), library(&module(r#","doc":"To do""#)), "{doc}");
        assert_eq!((done.documented, done.modules, done.package.as_str()), (1, 1, "Tidewater.US"));
    }
}

#[test]
fn documented_modules_stay_byte_for_byte() {
    let ir = library(&module(r#" , "doc" : "Ships\u00e9" "#));
    let done = documented(&ir);
    assert_eq!((done.ir.get(), done.documented), (ir.as_str(), 0));
}

#[test]
fn what_is_not_documentation_stays_as_it_was_written() {
    let odd = r#","extra":[1.10,1E400,123456789012345678901234567890,"\u00e9","é"]"#;
    let done = documented(&library(&module(&format!(r#"{odd},"doc":null"#))));
    assert_eq!(done.ir.get(), library(&module(&format!(r#"{odd},"doc":"To do""#))));
}

#[test]
fn deep_nesting_is_never_walked() {
    let deep = format!(r#","extra":{}{},"doc":"To do""#, "[".repeat(100_000), "]".repeat(100_000));
    let ir = library(&module(&deep));
    assert_eq!(documented(&ir).ir.get(), ir);
}

#[test]
fn other_format_versions_pass_through() {
    for ir in [r#"{"formatVersion":4,"distribution":{}}"#, r#"{"formatVersion":"4.0.0"}"#, "{}"] {
        assert!(document(raw(ir), "To do").unwrap().is_none(), "{ir}");
    }
}

#[test]
fn a_distribution_of_another_shape_is_an_error() {
    assert_eq!(error(r#"{"formatVersion":3}"#), "missing field `distribution`");
    for distribution in [
        r#"{}"#,
        r#"[]"#,
        r#"["Library",[["a"]],[]]"#,
        r#"["Library",[["a"]],[],{"modules":[]},1]"#,
        r#"["Specs",[["a"]],[],{"modules":[]}]"#,
        r#"["Library",["a"],[],{"modules":[]}]"#,
        r#"["Library",[["a"]],[],{"modules":{}}]"#,
        r#"["Library",[["a"]],[],{"modules":[[[["m"]],{}]]}]"#,
        r#"["Library",[["a"]],[],{"modules":[[[["m"]],{"value":{"doc":1}}]]}]"#,
    ] {
        error(&format!(r#"{{"formatVersion":3,"distribution":{distribution}}}"#));
    }
}
