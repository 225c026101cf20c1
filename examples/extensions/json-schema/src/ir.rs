//! The outermost parts of an IR of format version 3: the way down to its types and values.

use std::fmt;

use crate::json::{Json, Misfit};

/// What a package is made of.
pub struct Library<'tree> {
    pub name: Json<'tree>,
    /// Names and specifications of other packages.
    pub dependencies: Vec<(Json<'tree>, Json<'tree>)>,
    pub modules: Vec<Module<'tree>>,
}

pub struct Module<'tree> {
    pub path: Json<'tree>,
    /// Names and definitions or, in a dependency, specifications.
    pub types: Vec<(Json<'tree>, Json<'tree>)>,
    pub values: Vec<(Json<'tree>, Json<'tree>)>,
}

impl<'tree> Library<'tree> {
    pub fn read(distribution: Json<'tree>) -> Result<Self, Misfit> {
        let library = distribution.tagged("distribution")?;
        if library.tag != "Library" {
            return Err(library.unknown());
        }
        let [name, dependencies, definition] = library.parts()?;
        let modules = pairs(definition.field("modules")?, "modules")?;
        Ok(Self {
            name,
            dependencies: pairs(dependencies, "dependencies")?,
            modules: modules
                .into_iter()
                .map(|(path, module)| Module::defined(path, module))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl<'tree> Module<'tree> {
    fn defined(path: Json<'tree>, module: Json<'tree>) -> Result<Self, Misfit> {
        let module = module.field("value")?;
        let definitions = |field| -> Result<Vec<_>, Misfit> {
            let named = pairs(module.field(field)?, field)?;
            named.into_iter().map(|(name, definition)| Ok((name, definition.field("value")?.field("value")?))).collect()
        };
        Ok(Self { path, types: definitions("types")?, values: definitions("values")? })
    }

    /// The modules of a dependency. What its values are is not asked for.
    pub fn specified(package: Json<'tree>) -> Result<Vec<Self>, Misfit> {
        let modules = pairs(package.field("modules")?, "modules")?;
        let specified = |(path, module): (_, Json<'tree>)| {
            let named = pairs(module.field("types")?, "types")?;
            let types = named.into_iter().map(|(name, documented)| Ok((name, documented.field("value")?)));
            Ok(Self { path, types: types.collect::<Result<_, Misfit>>()?, values: Vec::new() })
        };
        modules.into_iter().map(specified).collect()
    }
}

/// A dictionary, which the IR writes as a list of pairs.
pub fn pairs<'tree>(json: Json<'tree>, what: &str) -> Result<Vec<(Json<'tree>, Json<'tree>)>, Misfit> {
    json.items(what)?.map(|pair| pair.tuple("a pair").map(|[key, value]| (key, value))).collect()
}

/// The distribution of an IR, if that has the format version that is read here.
pub fn distribution(ir: Json) -> Result<Json, IrError> {
    let version = ir.field("formatVersion").map_err(IrError::NotAnIr)?.text();
    let distribution = ir.field("distribution").map_err(IrError::NotAnIr)?;
    // morphir-elm writes 3, newer tools write "3.0.0".
    match version.trim_matches('"').split('.').next() {
        Some("3") => Ok(distribution),
        Some("4") => Err(IrError::Draft),
        _ => Err(IrError::UnknownVersion(version.to_owned())),
    }
}

/// Why an IR cannot be read.
#[derive(Debug)]
pub enum IrError {
    NotAnIr(Misfit),
    Draft,
    UnknownVersion(String),
    NotVersion3(Misfit),
}

impl From<Misfit> for IrError {
    fn from(misfit: Misfit) -> Self {
        Self::NotVersion3(misfit)
    }
}

impl fmt::Display for IrError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnIr(misfit) => write!(out, "ir is not a Morphir IR: {misfit}"),
            Self::Draft => out.write_str(
                "ir has format version 4, a draft that cannot be read yet; make it with morphir-elm, which writes version 3",
            ),
            Self::UnknownVersion(version) => write!(out, "ir has format version {version}; 3 is known"),
            Self::NotVersion3(misfit) => write!(out, "ir does not follow format version 3: {misfit}"),
        }
    }
}

impl std::error::Error for IrError {}
