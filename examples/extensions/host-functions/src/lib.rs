//! A Morphir extension that calls functions of its host's, Morphir's own functions, and the network.

use std::collections::BTreeMap;

use extism_pdk::{Error, FnResult, FromBytes, HttpRequest, Json, ToBytes, host_fn, http, plugin_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[host_fn]
extern "ExtismHost" {
    // What the application offers, see `functions` in the README.
    fn describe(package: String) -> Json<Value>;
    fn join(one: String, other: String) -> String;
    fn report(progress: Json<Value>);
    fn today() -> String;

    // What every host has.
    fn morphir_get_workspace_info() -> Json<Workspace>;
    fn morphir_cache_ir(key: String, ir: Json<Value>);
    fn morphir_get_cached_ir(key: String) -> Json<Option<Value>>;
}

#[derive(Serialize, Deserialize)]
struct Workspace {
    root: String,
    output_dir: String,
}

#[plugin_fn]
pub fn initialize(_config: String) -> FnResult<String> {
    Ok(r#"{"status":"ready"}"#.into())
}

#[plugin_fn]
pub fn capabilities() -> FnResult<String> {
    let methods = ["functions", "workspace", "fetch"];
    let described = methods.map(|name| json!({ "name": name, "description": format!("Calls its host: {name}") }));
    Ok(serde_json::to_string(&described)?)
}

/// Calls each of the application's functions.
#[plugin_fn]
pub fn functions(package: Json<String>) -> FnResult<Json<Value>> {
    let Json(package) = package;
    // SAFETY: a function of the host's is as safe as what it does with its arguments.
    let (description, joined, today) = unsafe {
        report(Json(json!({ "asked": 1 })))?;
        (describe(package.clone())?, join(package, "!".into())?, today()?)
    };
    Ok(Json(json!({ "description": description.0, "joined": joined, "today": today })))
}

/// Keeps an IR under a key with the host, and answers where the workspace is and what was kept before.
#[plugin_fn]
pub fn workspace(ir: Json<Value>) -> FnResult<Json<Value>> {
    // SAFETY: as above.
    let (workspace, before) = unsafe {
        let before = morphir_get_cached_ir("ir".into())?;
        morphir_cache_ir("ir".into(), ir)?;
        (morphir_get_workspace_info()?, before)
    };
    Ok(Json(json!({ "workspace": workspace.0, "before": before.0 })))
}

#[derive(Deserialize, FromBytes)]
#[encoding(Json)]
struct Fetch {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Serialize, ToBytes)]
#[encoding(Json)]
struct Fetched {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Makes a request over the network.
#[plugin_fn]
pub fn fetch(wanted: Fetch) -> FnResult<Fetched> {
    let request = HttpRequest { url: wanted.url, method: wanted.method, headers: wanted.headers };
    let response = http::request(&request, wanted.body)?;
    let headers = response.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let body = String::from_utf8(response.body()).map_err(|_| Error::msg("the response is not UTF-8"))?;
    Ok(Fetched { status: response.status_code(), headers, body })
}
