//! Finds the modules of an IR of format version 3 that have no documentation.

use serde_json::{Map, Value};

/// A module without documentation, and the object that its `doc` belongs into.
pub struct Undocumented<'ir> {
    pub name: String,
    pub doc: &'ir mut Map<String, Value>,
}

/// The undocumented modules; none of an IR of another format version, which is left as it is.
pub fn undocumented(ir: &mut Value) -> Result<Vec<Undocumented<'_>>, String> {
    let Some(file) = ir.as_object_mut() else { return Err("the ir must be an object".into()) };
    if file.get("formatVersion").and_then(Value::as_f64) != Some(3.0) {
        return Ok(Vec::new());
    }
    let library = file.get_mut("distribution").and_then(Value::as_array_mut).ok_or("the ir has no distribution")?;
    let [kind, package, _, definition] = library.as_mut_slice() else {
        return Err("the distribution is not a list of four".into());
    };
    if kind != "Library" {
        return Err("the distribution is not a \"Library\"".into());
    }
    let package = name(package);
    let modules = definition.get_mut("modules").and_then(Value::as_array_mut).ok_or("the package has no modules")?;
    let mut found = Vec::new();
    for module in modules {
        let [path, content] = module.as_array_mut().map(Vec::as_mut_slice).unwrap_or_default() else {
            return Err("a module is not a path and its content".into());
        };
        let name = format!("{package}.{}", name(path));
        let Some(doc) = content.get_mut("value").and_then(Value::as_object_mut) else {
            return Err(format!("the module {name} has no value"));
        };
        match doc.get("doc") {
            None | Some(Value::Null) => found.push(Undocumented { name, doc }),
            Some(Value::String(text)) if text.is_empty() => found.push(Undocumented { name, doc }),
            Some(Value::String(_)) => {}
            Some(_) => return Err(format!("the documentation of {name} is not a text")),
        }
    }
    Ok(found)
}

/// A path is a list of names, each a list of its words: `[["tidewater"],["chartering"]]` is `Tidewater.Chartering`.
fn name(path: &Value) -> String {
    let words =
        |name: &Value| name.as_array().into_iter().flatten().filter_map(Value::as_str).map(capitalized).collect();
    path.as_array().into_iter().flatten().map(words).collect::<Vec<String>>().join(".")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ir(modules: &Value) -> Value {
        json!({ "formatVersion": 3, "distribution": ["Library", [["tide", "water"]], [], { "modules": modules }] })
    }

    fn names(ir: &mut Value) -> Result<Vec<String>, String> {
        undocumented(ir).map(|found| found.into_iter().map(|module| module.name).collect())
    }

    #[test]
    fn what_has_no_text_is_undocumented() {
        let modules = json!([
            [[["of", "null"]], { "value": { "doc": null } }],
            [[["of", "text"]], { "value": { "doc": "It is." } }],
            [[["of"], ["nothing"]], { "value": { "doc": "" } }],
            [[["without"]], { "value": {} }],
        ]);
        let expected = ["TideWater.OfNull", "TideWater.Of.Nothing", "TideWater.Without"];
        assert_eq!(names(&mut ir(&modules)).unwrap(), expected);
    }

    #[test]
    fn another_format_version_is_left_alone() {
        assert!(names(&mut json!({ "formatVersion": 4, "distribution": 5 })).unwrap().is_empty());
        assert!(names(&mut json!({})).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_ir_is_said_to_be_none() {
        assert!(names(&mut json!([])).unwrap_err().contains("object"));
        assert!(names(&mut json!({ "formatVersion": 3 })).unwrap_err().contains("no distribution"));
        assert!(names(&mut ir(&json!({}))).unwrap_err().contains("no modules"));
        assert!(names(&mut ir(&json!([5]))).unwrap_err().contains("a path"));
        assert!(names(&mut ir(&json!([[[["m"]], {}]]))).unwrap_err().contains("TideWater.M has no value"));
        assert!(names(&mut ir(&json!([[[["m"]], { "value": { "doc": 5 } }]]))).unwrap_err().contains("not a text"));
    }
}
