use serde_json::{Value, json};

use super::*;

fn library(types: &[(&str, Value)]) -> String {
    let types: Vec<_> = types
        .iter()
        .map(|(name, definition)| json!([[name], { "access": "Public", "value": { "doc": "", "value": definition } }]))
        .collect();
    let module = json!({ "access": "Private", "value": { "types": types, "values": [], "doc": null } });
    json!({ "formatVersion": 3, "distribution": ["Library", [["my"], ["shop"]], [], { "modules": [[[["m"]], module]] }] })
        .to_string()
}

fn mapped(types: &[(&str, Value)]) -> Mapped {
    let ir = library(types);
    map(serde_json::from_str(&ir).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn definitions(types: &[(&str, Value)]) -> Value {
    serde_json::to_value(mapped(types).document).unwrap()["$defs"].take()
}

fn definition(tpe: Value) -> Value {
    definitions(&[("a", alias(tpe))])["M.A"].take()
}

fn alias(tpe: Value) -> Value {
    json!(["TypeAliasDefinition", [], tpe])
}

fn custom(constructors: Value) -> Value {
    json!(["CustomTypeDefinition", [], { "access": "Public", "value": constructors }])
}

fn reference(package: &[&str], module: &str, name: &str, arguments: Value) -> Value {
    let package: Vec<_> = package.iter().map(|words| words.split(' ').collect::<Vec<_>>()).collect();
    json!([
        "Reference",
        {},
        [package, [module.split(' ').collect::<Vec<_>>()], name.split(' ').collect::<Vec<_>>()],
        arguments
    ])
}

fn sdk(module: &str, name: &str, arguments: Value) -> Value {
    reference(&["morphir", "s d k"], module, name, arguments)
}

fn int() -> Value {
    sdk("basics", "int", json!([]))
}

fn error(types: &[(&str, Value)]) -> String {
    let ir = library(types);
    map(serde_json::from_str(&ir).unwrap()).err().expect("an error").to_string()
}

#[test]
fn the_sdk_has_its_own_schemas() {
    for (tpe, schema) in [
        (int(), json!({ "type": "integer" })),
        (sdk("basics", "float", json!([])), json!({ "type": "number" })),
        (sdk("basics", "bool", json!([])), json!({ "type": "boolean" })),
        (sdk("string", "string", json!([])), json!({ "type": "string" })),
        (sdk("char", "char", json!([])), json!({ "type": "string" })),
        (sdk("decimal", "decimal", json!([])), json!({ "type": "string" })),
        (sdk("local date", "local date", json!([])), json!({ "type": "string", "format": "date" })),
        (sdk("local time", "local time", json!([])), json!({ "type": "string", "format": "time" })),
        (sdk("list", "list", json!([int()])), json!({ "type": "array", "items": { "type": "integer" } })),
        (
            sdk("set", "set", json!([int()])),
            json!({ "type": "array", "items": { "type": "integer" }, "uniqueItems": true }),
        ),
        (sdk("maybe", "maybe", json!([int()])), json!({ "oneOf": [{ "type": "null" }, { "type": "integer" }] })),
        (
            sdk("result", "result", json!([sdk("string", "string", json!([])), int()])),
            json!({ "oneOf": [
                { "type": "array", "items": false, "prefixItems": [{ "const": "Err" }, { "type": "string" }] },
                { "type": "array", "items": false, "prefixItems": [{ "const": "Ok" }, { "type": "integer" }] }
            ] }),
        ),
        (
            sdk("dict", "dict", json!([int(), int()])),
            json!({ "type": "array", "uniqueItems": true, "items":
                { "type": "array", "items": false, "prefixItems": [{ "type": "integer" }, { "type": "integer" }] } }),
        ),
    ] {
        assert_eq!(definition(tpe.clone()), schema, "{tpe}");
    }
    let months = definition(sdk("local date", "month", json!([])));
    assert_eq!((months["oneOf"].as_array().unwrap().len(), &months["oneOf"][4]), (12, &json!({ "const": "May" })));
}

#[test]
fn what_may_be_missing_is_not_required() {
    let record = json!(["Record", {}, [
        { "name": ["ship", "to"], "tpe": int() },
        { "name": ["also"], "tpe": sdk("maybe", "maybe", json!([int()])) },
        { "name": ["and"], "tpe": ["Tuple", {}, [int()]] }
    ]]);
    assert_eq!(
        definition(record),
        json!({
            "type": "object",
            "properties": {
                "also": { "type": "integer" },
                "and": { "type": "array", "items": false, "prefixItems": [{ "type": "integer" }] },
                "shipTo": { "type": "integer" }
            },
            "required": ["shipTo", "and"]
        })
    );
    assert_eq!(definition(json!(["Record", {}, []])), json!({ "type": "object", "properties": {} }));
}

#[test]
fn constructors_are_sorted_by_name() {
    let tree = custom(json!([
        [["node", "of"], [[["arg", "1"], int()], [["arg", "2"], reference(&["my", "shop"], "m", "tree", json!([]))]]],
        [["leaf"], []]
    ]));
    assert_eq!(
        definitions(&[("tree", tree)]),
        json!({ "M.Tree": { "oneOf": [
            { "const": "Leaf" },
            { "type": "array", "items": false, "prefixItems":
                [{ "const": "NodeOf" }, { "type": "integer" }, { "$ref": "#/$defs/M.Tree" }] }
        ] } })
    );
}

#[test]
fn everything_that_cannot_be_mapped_is_named_at_once() {
    let variable = json!(["Variable", {}, ["a"]]);
    let function = json!(["Function", {}, ["Function", {}, int(), ["Unit", {}]], variable]);
    let extensible = json!(["ExtensibleRecord", {}, ["r"], [{ "name": ["x"], "tpe": int() }]]);
    let mapped = mapped(&[
        ("fine", alias(int())),
        ("a", alias(sdk("list", "list", json!([["Unit", {}]])))),
        ("b", custom(json!([[["c"], [[["x"], function], [["y"], variable], [["z"], variable]]]]))),
        ("c", alias(json!(["Record", {}, [{ "name": ["f"], "tpe": extensible }]]))),
    ]);
    assert_eq!(
        mapped.refused.into_iter().collect::<Vec<_>>(),
        [
            "Cannot map type () in module M",
            "Cannot map type (Morphir.SDK.Basics.Int -> ()) -> a in module M",
            "Cannot map type a in module M",
            "Cannot map type { r | x : Morphir.SDK.Basics.Int } in module M",
        ]
    );
    assert_eq!(mapped.document.definitions.into_keys().collect::<Vec<_>>(), ["M.Fine"]);
}

#[test]
fn references_to_what_is_not_defined_are_named() {
    let mapped = mapped(&[
        ("a", alias(sdk("basics", "order", json!([])))),
        ("b", alias(reference(&["my", "shop"], "m", "a", json!([])))),
    ]);
    assert_eq!(
        mapped.missing.into_iter().collect::<Vec<_>>(),
        [("M.A".to_owned(), "Morphir.SDK:Basics:order".to_owned())]
    );
}

#[test]
fn the_document_is_written_as_morphir_elm_writes_it() {
    let mapped = mapped(&[("a", alias(json!(["Record", {}, []])))]);
    assert_eq!(mapped.package, "My.Shop");
    assert_eq!(
        mapped.document.to_text().unwrap(),
        r#"{
    "$id": "https://morphir.finos.org/my-shop.schema.json",
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {
        "M.A": {
            "type": "object",
            "properties": {}
        }
    }
}"#
    );
}

#[test]
fn depth_has_a_limit_that_is_named() {
    let nested = |depth| (1..depth).fold(int(), |inner, _| json!(["Tuple", {}, [inner]]));
    assert!(mapped(&[("a", alias(nested(200)))]).document.to_text().is_ok());
    assert!(error(&[("a", alias(nested(201)))]).contains("a type is nested deeper than 200 levels at line 1 column"));
}

#[test]
fn what_is_no_type_is_named() {
    for (definition, why) in [
        (json!(["TypeSynonym", [], []]), "unknown type definition \"TypeSynonym\""),
        (alias(json!(["Any", {}])), "unknown type \"Any\""),
        (alias(json!(["Tuple", {}])), "Tuple is too short"),
        (alias(json!(["Record", {}, [{ "name": ["a"] }]])), "missing field \"tpe\""),
        (alias(json!(["Reference", {}, [[], []], []])), "a fully qualified name is too short"),
        (custom(json!([[["a"]]])), "a pair is too short"),
    ] {
        let error = error(&[("a", definition)]);
        assert!(error.starts_with("ir does not follow format version 3: "), "{error}");
        assert!(error.contains(why), "{error}");
    }
}
