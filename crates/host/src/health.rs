//! How an extension is.

use serde::{Deserialize, Serialize};

use crate::call::Answer;
use crate::capability::{check_length, quote};
use crate::error::{ErrorCode, ExtensionError, Result};

/// The method with which extensions tell how they are; they need not have it.
pub(crate) const HEALTH_CHECK: &str = "health_check";

/// How an extension is, as it says itself or as its host finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    /// All is well.
    Healthy {
        /// What the extension says besides.
        message: Option<String>,
    },
    /// It works, but not as it should.
    Degraded {
        /// Why.
        reason: String,
    },
    /// It does not work.
    Unhealthy {
        /// Why.
        reason: String,
    },
}

/// The same as an extension writes it.
#[derive(Serialize, Deserialize)]
struct Written {
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Healthy,
    Degraded,
    Unhealthy,
}

impl HealthStatus {
    /// What came of a check: whatever the extension did or failed to do is an answer.
    ///
    /// # Errors
    ///
    /// `Cancelled`: then nothing is known.
    pub(crate) fn of(result: Result<Vec<u8>>) -> Result<Self> {
        match result.and_then(|answer| read(&answer)) {
            Ok(status) => Ok(status),
            Err(error) if error.code() == ErrorCode::Cancelled => Err(error),
            Err(error) => Ok(Self::Unhealthy { reason: error.message().into() }),
        }
    }

    /// As JSON: `{ status, message? }`.
    pub(crate) fn to_answer(&self) -> Answer {
        let (status, message) = match self {
            Self::Healthy { message } => (Status::Healthy, message.clone()),
            Self::Degraded { reason } => (Status::Degraded, Some(reason.clone())),
            Self::Unhealthy { reason } => (Status::Unhealthy, Some(reason.clone())),
        };
        Answer::Text(serde_json::to_string(&Written { status, message }).unwrap_or_default())
    }

    /// The other way round.
    #[cfg(feature = "tokio")]
    pub(crate) fn from_answer(answer: Answer) -> Result<Self> {
        read(&answer.into_bytes())
    }
}

/// Reads what a guest answered.
fn read(answer: &[u8]) -> Result<HealthStatus> {
    check_length(answer)?;
    let Ok(Written { status, message }) = serde_json::from_slice(answer) else {
        return Err(ExtensionError::new(
            ErrorCode::ProtocolError,
            format!(
                "`{HEALTH_CHECK}` was expected to answer `{{\"status\":\"healthy\"|\"degraded\"|\"unhealthy\",\"message\"?}}`, but it \
                 answered {}.",
                quote(answer)
            ),
        ));
    };
    let silent = || "The extension does not say why.".into();
    Ok(match status {
        Status::Healthy => HealthStatus::Healthy { message },
        Status::Degraded => HealthStatus::Degraded { reason: message.unwrap_or_else(silent) },
        Status::Unhealthy => HealthStatus::Unhealthy { reason: message.unwrap_or_else(silent) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> String {
        let status = HealthStatus::of(Ok(answer.into())).unwrap();
        String::from_utf8(status.to_answer().into_bytes()).unwrap()
    }

    #[test]
    fn what_is_no_status_is_unhealthy_and_quoted() {
        for answer in
            ["", "healthy", "\"healthy\"", "{}", r#"{"status":"well"}"#, r#"{"status":"healthy","message":5}"#]
        {
            let found = of(answer);
            assert!(found.starts_with(r#"{"status":"unhealthy","message":"`health_check` was expected"#), "{found}");
        }
        assert!(of(r#"{"status":"well"}"#).contains("well"));
        assert!(of(&"x".repeat(2_000_000)).contains("2000000 bytes"));
    }

    #[test]
    fn a_status_stays_as_it_is() {
        for answer in [
            r#"{"status":"healthy"}"#,
            r#"{"status":"healthy","message":"never better"}"#,
            r#"{"status":"degraded","message":"slow"}"#,
            r#"{"status":"unhealthy","message":"gone"}"#,
        ] {
            assert_eq!(of(answer), answer);
        }
        assert_eq!(
            of(r#"{"status":"degraded"}"#),
            r#"{"status":"degraded","message":"The extension does not say why."}"#
        );
    }

    #[test]
    fn a_failure_is_unhealthy_and_a_cancel_is_none() {
        let failed = |code| HealthStatus::of(Err(ExtensionError::new(code, "it broke")));
        assert_eq!(failed(ErrorCode::Trap).unwrap(), HealthStatus::Unhealthy { reason: "it broke".into() });
        assert_eq!(failed(ErrorCode::Cancelled).unwrap_err().code(), ErrorCode::Cancelled);
    }
}
