//! The network, for those extensions that are granted it.
//!
//! The host itself has no client: whoever made it carries the requests, and keeps to the grant that comes with each.

use std::net::IpAddr;
use std::sync::Arc;

use crate::function::{Abandoned, FunctionCall, Reply};

/// Carries requests over the network.
pub trait Network: Send + Sync {
    /// Starts a request: what comes of it goes to `reply`, as that of a function does. Nothing may be reached, by redirects
    /// neither, that `request.grant` does not name.
    fn start(&self, request: HttpRequest, reply: Reply<HttpResponse>);

    /// The guest of this request waits no more.
    fn abandon(&self, _number: u64, _why: Abandoned) {}
}

/// A request of a guest.
#[derive(Debug)]
pub struct HttpRequest {
    /// Who asks. It has two arguments: the request as JSON, `{ url, method?, headers? }`, and its body where it has one.
    pub call: FunctionCall,
    /// What may be reached.
    pub grant: Arc<NetworkGrant>,
    /// The most bytes that the response's body may have.
    pub max_response: u64,
}

/// A response.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// Its status.
    pub status: u16,
    /// Its headers as a JSON object: names in lower case, text.
    pub headers: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// What an extension may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkGrant {
    /// Every host whose address is a public one.
    pub any: bool,
    /// These hosts: names, `*.example.org` for all names beneath one, or addresses. Only those that are addresses here, or
    /// `localhost`, may be private ones.
    pub hosts: Vec<String>,
}

/// Makes sure that a host is written as one: without scheme, port or path.
pub(crate) fn check_host(host: &str) -> Result<(), String> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_name = host.len() <= 253 && name.split('.').all(label);
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if is_name || is_address {
        return Ok(());
    }
    Err(format!(
        "{host:?} is not a host: write a name such as \"api.example.org\", \"*.example.org\" for all names beneath one, or an \
         address, without scheme, port or path; `network = true` grants every public host."
    ))
}

#[cfg(test)]
mod tests {
    use super::check_host;

    #[test]
    fn hosts_are_names_patterns_and_addresses() {
        for right in ["api.example.org", "*.example.org", "localhost", "127.0.0.1", "::1", "[::1]", "a_b.example"] {
            assert_eq!(check_host(right), Ok(()), "{right}");
        }
        for wrong in ["", "*", "*.", "a.*.org", "https://a.org", "a.org/", "a.org:80", "a b", ".org", "a..b", "ü.org"]
        {
            assert!(check_host(wrong).is_err(), "{wrong}");
        }
    }
}
