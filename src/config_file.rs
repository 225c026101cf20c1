//! A configuration file: read on libuv's pool, and kept here until its extensions are loaded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use morphir_extension_host::{ConfigFile, ExtensionError, Host, Intent};
use napi::bindgen_prelude::{Either, Error, Result};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::Failure;

/// What a configuration file lists.
#[napi]
pub struct NativeConfigFile {
    pub(crate) file: ConfigFile,
}

/// One extension of a configuration file.
#[napi(object)]
pub struct NativeListed {
    /// Its name, or the keys that lead to it.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// How many calls it runs at once, where it is to be loaded.
    pub instances: Option<u32>,
    /// Why it cannot be loaded.
    pub failure: Option<Failure>,
}

#[napi]
impl NativeConfigFile {
    /// The extensions, in the order of the file. One without `instances` and `failure` is not enabled.
    #[napi(catch_unwind)]
    pub fn extensions(&self) -> Vec<NativeListed> {
        let extensions = self.file.extensions.iter().map(|listed| {
            let (instances, failure) = match &listed.intent {
                Intent::Load(config) => (Some(config.instances), None),
                Intent::Skip => (None, None),
                Intent::Refuse(error) => (None, Some(error.into())),
            };
            NativeListed { name: listed.name.clone(), place: listed.place.clone(), instances, failure }
        });
        extensions.collect()
    }
}

/// Reads a configuration file.
pub struct ReadConfig {
    pub host: Host,
    pub path: String,
}

impl Task for ReadConfig {
    type Output = std::result::Result<ConfigFile, ExtensionError>;
    type JsValue = Either<NativeConfigFile, Failure>;

    fn compute(&mut self) -> Result<Self::Output> {
        // A panic on a thread of libuv's ends the process.
        catch_unwind(AssertUnwindSafe(|| self.host.read_config(&self.path)))
            .map_err(|_| Error::from_reason("The extension host failed, which is a defect of it."))
    }

    fn resolve(&mut self, _: Env, read: Self::Output) -> Result<Self::JsValue> {
        Ok(match read {
            Ok(file) => Either::A(NativeConfigFile { file }),
            Err(error) => Either::B(error.into()),
        })
    }
}
